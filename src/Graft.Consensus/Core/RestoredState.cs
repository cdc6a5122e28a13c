using System.Collections.Immutable;

namespace Graft.Consensus;

/// <summary>What a host found on disk, all of it durable: where a core begins.</summary>
public sealed class RestoredState
{
    /// <summary>A node that has never been told of a cluster. It waits for a leader.</summary>
    public static RestoredState Blank { get; } = new();

    /// <summary>Term, vote, commit index and kind of log; those of a blank node by default.</summary>
    public HardState HardState { get; init; }

    /// <summary>The newest valid snapshot, or null. The log continues it or lies within it.</summary>
    public Snapshot? Snapshot { get; init; }

    /// <summary>What the log has been compacted to: at or below the snapshot's last entry, zero without a snapshot.</summary>
    public EntryId LogStart { get; init; }

    /// <summary>The terms of the log above <see cref="LogStart"/>, in order and without a gap.</summary>
    public ImmutableArray<TermRun> Log { get; init; } = [];

    /// <summary>Every configuration in the log above <see cref="LogStart"/>, by index.</summary>
    public ImmutableArray<(LogIndex Index, Membership Membership)> Memberships { get; init; } = [];

    /// <summary>The configuration in force at <see cref="LogStart"/>, and where it was appended.</summary>
    public (LogIndex Index, Membership Membership) MembershipAtStart { get; init; } = (LogIndex.Zero, Membership.Empty);

    /// <summary>Set if the log ends early because its rest was damaged, not torn.</summary>
    public LostEntries? Lost { get; init; }

    /// <summary>The state that founds a cluster: term 1, and one entry that says who its members are.</summary>
    /// <remarks>
    /// <para>
    /// Given to every founding member alike, and only ever to an empty directory: a second founding is a second cluster.
    /// </para>
    /// <para>
    /// Like every restored state it says what is on disk, so the host puts it there first: the hard state, entry 1@t1 and
    /// the membership that it holds, durable before a core is constructed from it. The core orders only what follows; a
    /// host that left this to it would come back from its first crash with a log that begins at 2.
    /// </para>
    /// </remarks>
    public static RestoredState Founding(Membership membership)
    {
        ArgumentNullException.ThrowIfNull(membership);
        var first = new LogIndex(1);
        return new RestoredState
        {
            HardState = new HardState(new Term(1), null, first, LogKind.Undecided),
            Log = [new TermRun(new Term(1), first, first)],
            Memberships = [(first, membership)],
        };
    }
}
