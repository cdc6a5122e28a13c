namespace Graft.Consensus;

/// <summary>What one core is told at its start. Nothing here switches a safety rule off.</summary>
/// <remarks>Sizes, counts and times are above zero where nothing else is said; <see cref="Validate"/> refuses the rest.</remarks>
public sealed class RaftOptions
{
    /// <summary>The cluster: messages of another are refused.</summary>
    public required ClusterId Cluster { get; init; }

    /// <summary>This node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>This start of the node; 1 or more, and higher than at any start before.</summary>
    public required Incarnation Incarnation { get; init; }

    /// <summary>Seeds the election timeouts. Two nodes with one seed would stand at the same moment for ever.</summary>
    public required ulong Seed { get; init; }

    /// <summary>
    /// T: the least time without a leader before a node stands. The real timeout is drawn anew from [T, 1.5 T) each time (thesis §3.4). Below a day.
    /// </summary>
    /// <remarks>500 ms: ten heartbeats may be lost, and a pause of a large heap's collection still costs no leader.</remarks>
    public TimeSpan ElectionTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How often a leader says that it leads; T/10 unless set, and at most T/5.</summary>
    public TimeSpan? HeartbeatInterval { get; init; }

    /// <summary>How far a clock's rate may be off, in thousandths, from 0 to 500; both sides of a lease reckon with it.</summary>
    /// <remarks>10: a hundred times the drift of an undisciplined quartz, and it shortens a lease by 2 %.</remarks>
    public int ClockDriftPerMille { get; init; } = 10;

    /// <summary>Encoded bytes of the entries in one append. A single larger entry still goes, alone.</summary>
    public int MessageBytesMax { get; init; } = 1 << 20;

    /// <summary>Entries in one append.</summary>
    public int MessageEntriesMax { get; init; } = 4096;

    /// <summary>Appends in flight to one follower. 64 of them cover a gigabit link of 100 ms at the default sizes.</summary>
    public int WindowMessagesMax { get; init; } = 64;

    /// <summary>Encoded bytes of the entries in flight to one follower.</summary>
    public long WindowBytesMax { get; init; } = 16 << 20;

    /// <summary>Entries in flight to one follower.</summary>
    public int WindowEntriesMax { get; init; } = 65_536;

    /// <summary>The largest entry, in encoded bytes. Has to fit the transport's frame, or its leader could never commit again.</summary>
    public int EntryBytesMax { get; init; } = 8 << 20;

    /// <summary>Bytes appended by this leader and not committed: the bound of what a cut-off leader piles up. At least <see cref="EntryBytesMax"/>.</summary>
    public long UncommittedBytesMax { get; init; } = 64 << 20;

    /// <summary>Entries appended by this leader and not committed; at most 2^24.</summary>
    public int UncommittedEntriesMax { get; init; } = 65_536;

    /// <summary>Reads that may wait on one node.</summary>
    public int ReadsPendingMax { get; init; } = 4096;

    /// <summary>How long a new commit index may wait for an append to ride on before it is sent by itself; zero or more, T/100 unless set.</summary>
    public TimeSpan? CommitNoticeDelay { get; init; }

    /// <summary>How long a snapshot may stand still at a follower before its offer is made anew; 10 T unless set.</summary>
    public TimeSpan? SnapshotStallTimeout { get; init; }

    /// <summary>How long the leader's disk may owe an answer before leadership is handed over; 2 T unless set.</summary>
    public TimeSpan? DiskStallTimeout { get; init; }

    /// <summary>
    /// After this long with nothing to do a leader asks its followers to rest, and beats no more: <see cref="RaftCore.IsResting"/>.
    /// Null: it beats for ever. Only for a host that knows by itself which of its peers live.
    /// </summary>
    public TimeSpan? RestAfter { get; init; }

    internal TimeSpan Heartbeat => HeartbeatInterval ?? Fraction(10);

    internal TimeSpan NoticeDelay => CommitNoticeDelay ?? Fraction(100);

    internal TimeSpan SnapshotStall => SnapshotStallTimeout ?? ElectionTimeout * 10;

    internal TimeSpan DiskStall => DiskStallTimeout ?? ElectionTimeout * 2;

    /// <summary>A wake-up this much later than asked for is a pause: what was believed of the time before it is void.</summary>
    internal TimeSpan PauseBound => Fraction(4);

    /// <summary>
    /// How long after a round was sent its quorum can't help elect another: T by the fastest follower's clock, read by our
    /// slowest one.
    /// </summary>
    internal TimeSpan LeaseDuration =>
        new(ElectionTimeout.Ticks * (1000 - ClockDriftPerMille) / (1000 + ClockDriftPerMille));

    /// <summary>Refuses what is out of range. Every core calls it at its start.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; the message says which, and what it has to be.</exception>
    public void Validate()
    {
        Require(ElectionTimeout > TimeSpan.Zero && ElectionTimeout < TimeSpan.FromDays(1), $"ElectionTimeout ({ElectionTimeout}) must be above 0 and below a day.");
        Require(Incarnation > Incarnation.Unknown, $"Incarnation ({Incarnation}) must be 1 or more: zero means that it isn't known.");
        Require(
            Heartbeat > TimeSpan.Zero && Heartbeat <= ElectionTimeout / 5,
            $"HeartbeatInterval ({Heartbeat}) must be above 0 and at most a fifth of ElectionTimeout ({ElectionTimeout}), or one lost packet starts an election.");
        Require(ClockDriftPerMille is >= 0 and <= 500, $"ClockDriftPerMille ({ClockDriftPerMille}) must lie in 0..500.");
        Require(MessageBytesMax > 0, $"MessageBytesMax ({MessageBytesMax}) must be above 0.");
        Require(MessageEntriesMax > 0, $"MessageEntriesMax ({MessageEntriesMax}) must be above 0.");
        Require(WindowMessagesMax > 0, $"WindowMessagesMax ({WindowMessagesMax}) must be above 0.");
        Require(WindowBytesMax > 0, $"WindowBytesMax ({WindowBytesMax}) must be above 0.");
        Require(WindowEntriesMax > 0, $"WindowEntriesMax ({WindowEntriesMax}) must be above 0.");
        Require(EntryBytesMax > 0, $"EntryBytesMax ({EntryBytesMax}) must be above 0.");
        Require(UncommittedBytesMax >= EntryBytesMax, $"UncommittedBytesMax ({UncommittedBytesMax}) must be at least EntryBytesMax ({EntryBytesMax}), or that entry could never be proposed.");
        Require(UncommittedEntriesMax is > 0 and <= 1 << 24, $"UncommittedEntriesMax ({UncommittedEntriesMax}) must lie in 1..{1 << 24}.");
        Require(ReadsPendingMax > 0, $"ReadsPendingMax ({ReadsPendingMax}) must be above 0.");
        Require(NoticeDelay >= TimeSpan.Zero, $"CommitNoticeDelay ({NoticeDelay}) must be 0 or more.");
        Require(SnapshotStall > TimeSpan.Zero, $"SnapshotStallTimeout ({SnapshotStall}) must be above 0.");
        Require(RestAfter is null || RestAfter >= TimeSpan.Zero, $"RestAfter ({RestAfter}) must be 0 or more.");
        Require(DiskStall > TimeSpan.Zero, $"DiskStallTimeout ({DiskStall}) must be above 0.");
    }

    // Asked for with every input. TimeSpan divides by a double, which costs more than the rest of the question.
    private TimeSpan Fraction(int parts) => new(ElectionTimeout.Ticks / parts);

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message, paramName: null);
        }
    }
}
