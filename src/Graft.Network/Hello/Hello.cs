using Graft.Consensus;

namespace Graft.Network;

/// <summary>How a dialing side introduces itself (docs/internals/wire-format.md, 3).</summary>
public sealed record Hello
{
    /// <summary>What the connection is for.</summary>
    public required ConnectionKind Kind { get; init; }

    /// <summary>The versions of the protocol that the sender speaks; all that this program speaks by default.</summary>
    public VersionRange Versions { get; init; } = VersionRange.Spoken;

    /// <summary>One bit for each optional ability; none is defined yet. A feature is used only if both sides have its bit.</summary>
    public ulong Features { get; init; }

    /// <summary>The sender's cluster. Zero is "I know none": of a client, and of a node that is about to join.</summary>
    public ClusterId Cluster { get; init; }

    /// <summary>The sender; null of a client, which is no node and makes calls only.</summary>
    public NodeId? Node { get; init; }

    /// <summary>The sender's start; <see cref="Incarnation.Unknown"/> of a client.</summary>
    public Incarnation Incarnation { get; init; }

    /// <summary>Whom the sender means to reach; null if whoever answers is right.</summary>
    public NodeId? Expected { get; init; }

    /// <summary>Since which recovery from a lost quorum the sender's configurations are; none of a client, and of a node that has no configuration yet.</summary>
    public Epoch Epoch { get; init; }

    /// <summary>Where others reach the sender, if it says.</summary>
    public NodeAddress? Advertised { get; init; }
}
