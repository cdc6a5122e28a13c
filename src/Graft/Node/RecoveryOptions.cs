using Graft.Consensus;

namespace Graft;

/// <summary>What a recovery from a lost quorum is told beside the survivors (docs/internals/recovery.md).</summary>
public sealed record RecoveryOptions
{
    /// <summary>
    /// Which groups are recovered here. If none is named: all in which this node votes with payloads, and those have to have the same voters.
    /// A group that isn't recovered stays as it is.
    /// </summary>
    public IReadOnlyCollection<GroupId> Groups { get; init; } = [];

    /// <summary>
    /// Recovers although something is known to be missing: a survivor that has more can't be recovered from, or this node itself doesn't vote or
    /// has lost entries. What is missing is gone, and a client may have been told of it.
    /// </summary>
    public bool AcceptsLoss { get; init; }

    /// <summary>
    /// The epoch of the recovery that this one is part of, as <see cref="ClusterRecovery.Recover"/> returned it for other groups of the same nodes, which
    /// have another survivor; null for a recovery of its own.
    /// </summary>
    public Epoch? PartOf { get; init; }

    /// <summary>The epoch's chance; drawn by the machine if null.</summary>
    public ulong? Drawn { get; init; }
}
