namespace Graft;

/// <summary>Something that an operator should know of a change before making it.</summary>
/// <param name="Kind">What.</param>
/// <param name="Text">A sentence, with the nodes and figures that it's about.</param>
public readonly record struct PlanWarning(PlanWarningKind Kind, string Text);
