namespace Graft.Simulation.Core;

/// <summary>How a seed is run; nothing here changes what happens in it, except its length.</summary>
public sealed class RunSettings
{
    /// <summary>The length of the first act, in simulated seconds (and never less than sixty election timeouts).</summary>
    public int Seconds { get; init; } = 30;

    /// <summary>Takes the trace, line by line; null for none, which is several times faster.</summary>
    public Action<string>? Trace { get; init; }
}
