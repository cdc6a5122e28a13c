using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft;

/// <summary>One group on one node at one moment, and in sentences: why nobody leads, why it is slow, what to do.</summary>
/// <remarks>Made by this node alone. It comes without a quorum, and of a group that has ended too.</remarks>
public sealed record GroupStatus
{
    /// <summary>Which group.</summary>
    public required GroupId Group { get; init; }

    /// <summary>Whose view of it this is.</summary>
    public required NodeId Node { get; init; }

    /// <summary>What this node is in it; the last that was known, once the group has ended here.</summary>
    public required Role Role { get; init; }

    /// <summary>The highest term that this node has seen.</summary>
    public required Term Term { get; init; }

    /// <summary>Who leads, as far as this node knows; null if it knows of nobody, or the group has ended here.</summary>
    public required NodeId? Leader { get; init; }

    /// <summary>The configuration in force here: the last in this node's log, committed or not.</summary>
    public required Membership Membership { get; init; }

    /// <summary>Up to where this node knows entries to be committed; more may be.</summary>
    public required LogIndex Commit { get; init; }

    /// <summary>The last entry that the state machine has applied; zero before the first.</summary>
    public required LogIndex Applied { get; init; }

    /// <summary>What the protocol has to say: members, lag, log, lease, votes. Null once the group has ended here.</summary>
    public required RaftStatus? Raft { get; init; }

    /// <summary>Why the group has ended on this node; null while it lives.</summary>
    public required string? Ended { get; init; }

    /// <summary>The other members, and this node's links to them.</summary>
    public required ImmutableArray<PeerStatus> Peers { get; init; }

    /// <summary>The disk below the log.</summary>
    public required DiskStatus Disk { get; init; }

    /// <summary>Who waits here; nobody, once the group has ended.</summary>
    public required PendingStatus Pending { get; init; }

    /// <summary>Bytes of entries that are kept in memory: not durable yet, not applied, or just written.</summary>
    public required long TailBytes { get; init; }

    /// <summary>Bytes of entries applied since the newest snapshot; what a restart has to apply again of a state kept in memory.</summary>
    public required long BytesBehindSnapshot { get; init; }

    /// <summary>Size of the newest snapshot, in bytes; zero if there is none.</summary>
    public required long SnapshotBytes { get; init; }

    /// <summary>A snapshot is being captured or written.</summary>
    public required bool IsSnapshotUnderWay { get; init; }

    /// <summary>The state machine opens its disk, or takes a snapshot's state; reads wait.</summary>
    public required bool IsRestoring { get; init; }

    /// <summary>How far this node's wall clock is ahead of those of most voters, if that is more than <see cref="NodeOptions.ClockBound"/>; else zero.</summary>
    public required TimeSpan ClockExcess { get; init; }

    /// <summary>Why the state machine applies nothing further; null if it goes on.</summary>
    public required ApplyHaltedException? Halted { get; init; }

    /// <summary>Whose state differs from whose (<see cref="GraftGroup.Divergence"/>); null if no difference is known.</summary>
    public required string? Divergence { get; init; }

    /// <summary>The configuration that removed this node, by its index; null if none has, as far as the node knows.</summary>
    public required LogIndex? Removed { get; init; }

    /// <summary>T of this group, which silence and delays are measured by.</summary>
    public required TimeSpan ElectionTimeout { get; init; }

    /// <summary>Whether this node is a witness, which has no state.</summary>
    public required bool IsWitness { get; init; }

    /// <summary>How many entries are known to be committed and not applied here.</summary>
    public ulong ApplyLag => Commit > Applied ? Commit - Applied : 0;

    /// <summary>
    /// Whether this node can serve the group: somebody is known to lead it, and the state machine goes on and has applied all that is
    /// known to be committed, but for a thousand entries.
    /// </summary>
    public bool IsReady => Raft is not null && Leader is not null && Removed is null && Disk.Failure is null && !Raft.IsRepairing
        && (IsWitness || (Halted is null && !IsRestoring && ApplyLag <= StatusText.ApplyLagMax));

    /// <summary>What is wrong and what to do, the most urgent first; and who leads. For people: the wording may change.</summary>
    public string Explain() => string.Join(" ", StatusText.Of(this));
}
