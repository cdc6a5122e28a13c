namespace Graft.Consensus;

/// <summary>How often messages were refused for one reason, and who sent the last of them.</summary>
public readonly record struct RefusalCount(StepOutcome Reason, ulong Count, NodeId LastFrom);
