using Graft.Consensus;

namespace Graft.Network;

/// <summary>The accepting side's answer: who it is, and what is spoken from here on.</summary>
public sealed record Welcome
{
    /// <summary>The newest version that both speak.</summary>
    public required ushort Version { get; init; }

    /// <summary>The features that both have.</summary>
    public ulong Features { get; init; }

    /// <summary>Zero of a node that hasn't joined a cluster yet.</summary>
    public ClusterId Cluster { get; init; }

    public required NodeId Node { get; init; }

    public required Incarnation Incarnation { get; init; }

    public NodeAddress? Advertised { get; init; }
}
