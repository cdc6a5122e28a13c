namespace Graft.Consensus;

/// <summary>How often messages were refused for one reason, and who sent the last of them.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Count">How often, since this core began.</param>
/// <param name="LastFrom">Who sent the last one.</param>
public readonly record struct RefusalCount(StepOutcome Reason, ulong Count, NodeId LastFrom);
