namespace Graft.Simulation.Nodes;

/// <summary>What the network of a seed is like.</summary>
internal sealed record SimulatedNetworkOptions
{
    /// <summary>The usual latency of a way is drawn once, up to this.</summary>
    internal required TimeSpan LatencyMax { get; init; }

    /// <summary>How many of a thousand pieces take longer.</summary>
    internal required int SlowPerMille { get; init; }

    /// <summary>... by up to this.</summary>
    internal required TimeSpan SlowMax { get; init; }

    /// <summary>How many of a thousand pieces are split, at a byte that is drawn.</summary>
    internal required int SplitPerMille { get; init; }
}
