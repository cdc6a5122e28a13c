namespace Graft.Simulation.Nodes;

/// <summary>How a seed is run; nothing here changes what happens in it, except its length.</summary>
public sealed class NodeRunSettings
{
    /// <summary>The length of the first act, in simulated seconds.</summary>
    public int Seconds { get; init; } = 20;

    /// <summary>Takes the trace, line by line; null for none.</summary>
    public Action<string>? Trace { get; init; }
}
