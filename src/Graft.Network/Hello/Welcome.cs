using Graft.Consensus;

namespace Graft.Network;

/// <summary>The accepting side's answer: who it is, and what is spoken from here on.</summary>
public sealed record Welcome
{
    /// <summary>The newest version that both speak.</summary>
    public required ushort Version { get; init; }

    /// <summary>The features that both have.</summary>
    public ulong Features { get; init; }

    /// <summary>The acceptor's cluster; zero of a node that hasn't joined one yet.</summary>
    public ClusterId Cluster { get; init; }

    /// <summary>The acceptor.</summary>
    public required NodeId Node { get; init; }

    /// <summary>The acceptor's start.</summary>
    public required Incarnation Incarnation { get; init; }

    /// <summary>Where others reach the acceptor, if it says.</summary>
    public NodeAddress? Advertised { get; init; }
}
