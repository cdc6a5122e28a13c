namespace Graft.Consensus.Tests.Units;

/// <summary>What a core refuses to begin with, in sentences.</summary>
public sealed class BeginningTests
{
    public static TheoryData<string, Func<RaftOptions>> BadOptions => new()
    {
        { "ElectionTimeout (00:00:00) must be above 0 and below a day.", () => Options(electionTimeout: TimeSpan.Zero) },
        { "ElectionTimeout (1.00:00:00) must be above 0 and below a day.", () => Options(electionTimeout: TimeSpan.FromDays(1)) },
        { "Incarnation (i0) must be 1 or more: zero means that it isn't known.", () => Options(incarnation: 0) },
        {
            "HeartbeatInterval (00:00:00.1010000) must be above 0 and at most a fifth of ElectionTimeout (00:00:00.5000000), "
            + "or one lost packet starts an election.",
            () => Options(heartbeat: TimeSpan.FromMilliseconds(101))
        },
        {
            "HeartbeatInterval (00:00:00) must be above 0 and at most a fifth of ElectionTimeout (00:00:00.5000000), "
            + "or one lost packet starts an election.",
            () => Options(heartbeat: TimeSpan.Zero)
        },
        { "ClockDriftPerMille (-1) must lie in 0..500.", () => Limits(drift: -1) },
        { "ClockDriftPerMille (501) must lie in 0..500.", () => Limits(drift: 501) },
        { "MessageBytesMax (0) must be above 0.", () => Limits(messageBytes: 0) },
        { "MessageEntriesMax (0) must be above 0.", () => Limits(messageEntries: 0) },
        { "WindowMessagesMax (0) must be above 0.", () => Limits(windowMessages: 0) },
        { "WindowBytesMax (0) must be above 0.", () => Limits(windowBytes: 0) },
        { "WindowEntriesMax (-3) must be above 0.", () => Limits(windowEntries: -3) },
        { "EntryBytesMax (0) must be above 0.", () => Limits(entryBytes: 0) },
        {
            "UncommittedBytesMax (7) must be at least EntryBytesMax (8), or that entry could never be proposed.",
            () => Limits(entryBytes: 8, uncommittedBytes: 7)
        },
        { "UncommittedEntriesMax (0) must lie in 1..16777216.", () => Limits(uncommittedEntries: 0) },
        { "UncommittedEntriesMax (16777217) must lie in 1..16777216.", () => Limits(uncommittedEntries: 16_777_217) },
        { "ReadsPendingMax (0) must be above 0.", () => Limits(reads: 0) },
        { "CommitNoticeDelay (-00:00:01) must be 0 or more.", () => Waits(notice: TimeSpan.FromSeconds(-1)) },
        { "SnapshotStallTimeout (00:00:00) must be above 0.", () => Waits(snapshot: TimeSpan.Zero) },
        { "DiskStallTimeout (00:00:00) must be above 0.", () => Waits(disk: TimeSpan.Zero) },
    };

    public static TheoryData<string, RestoredState> BadStates => new()
    {
        { "The log starts behind 5@t2, but no snapshot covers what lies before.", new() { LogStart = EntryId.Of(2, 5), HardState = Hard(2) } },
        {
            "The log starts behind 5@t2, but no snapshot covers what lies before.",
            new() { LogStart = EntryId.Of(2, 5), Snapshot = At(2, 4), HardState = Hard(2) }
        },
        { "The run [2..3]@t1 doesn't continue the log that ends at 0@t0.", new() { Log = [Run(1, 2, 3)], HardState = Hard(1) } },
        { "The run [3..2]@t1 doesn't continue the log that ends at 2@t1.", new() { Log = [Run(1, 1, 2), Run(1, 3, 2)], HardState = Hard(1) } },
        { "The run [3..4]@t1 doesn't continue the log that ends at 2@t2.", new() { Log = [Run(2, 1, 2), Run(1, 3, 4)], HardState = Hard(2) } },
        { "The run [4..4]@t2 doesn't continue the log that ends at 2@t1.", new() { Log = [Run(1, 1, 2), Run(2, 4, 4)], HardState = Hard(2) } },
        { "The run [1..1]@t0 doesn't continue the log that ends at 0@t0.", new() { Log = [Run(0, 1, 1)], HardState = Hard(1) } },
        {
            "The stored term t1 is below the last entry 2@t2: the log was written before the term.",
            new() { Log = [Run(2, 1, 2)], HardState = Hard(1) }
        },
        {
            "The configuration at the log's start was appended at 1, above it.",
            new() { MembershipAtStart = (new LogIndex(1), Membership.Of(1)), HardState = Hard(1) }
        },
        { "The configuration at 3 isn't in the log (0..2] or out of order.", State((3, Membership.Of(1))) },
        { "The configuration at 1 isn't in the log (0..2] or out of order.", State((2, Membership.Of(1)), (1, Membership.Of(1))) },
        { "The configuration at 0 isn't in the log (0..2] or out of order.", State((0, Membership.Of(1))) },
        { "The configuration at 2 has no voters.", State((2, Membership.Empty)) },
        {
            "The log reaches 2, but the hard state doesn't say whether it has payloads.",
            new() { Log = [Run(1, 1, 2)], HardState = Hard(1) with { Log = LogKind.Undecided } }
        },
        {
            "The log reaches 4, but the hard state doesn't say whether it has payloads.",
            new() { Snapshot = At(2, 4), HardState = Hard(2) with { Log = LogKind.Undecided } }
        },
        {
            "The configuration at 2 has more than 1024 members.",
            State((2, Membership.Of([.. Enumerable.Range(1, 1025).Select(id => (ulong)id)])))
        },
    };

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void An_option_out_of_range_is_refused_with_its_range(string sentence, Func<RaftOptions> options)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new RaftCore(options(), RestoredState.Blank, default));

        Assert.Equal(sentence, refusal.Message);
    }

    [Fact]
    public void The_defaults_are_in_range() => Options().Validate();

    [Theory]
    [MemberData(nameof(BadStates))]
    public void A_disk_that_no_crash_can_have_left_is_refused(string sentence, RestoredState state)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new RaftCore(Options(), state, default));

        Assert.Equal(sentence, refusal.Message);
    }

    [Fact]
    public void A_founded_cluster_begins_in_term_1_with_its_configuration_committed()
    {
        var core = new RaftCore(Options(), RestoredState.Founding(Membership.Of(1, 2, 3)), default);

        Assert.Equal((new Term(1), new LogIndex(1), new LogIndex(1)), (core.Term, core.CommitIndex, core.DurableIndex));
        Assert.Equal(Membership.Of(1, 2, 3), core.Membership);
    }

    [Fact]
    public void A_blank_node_waits_and_never_stands()
    {
        var core = new RaftCore(Options(), RestoredState.Blank, default);

        core.Tick(new Instant(0) + TimeSpan.FromDays(1));

        Assert.Equal((Role.Follower, Term.Zero), (core.Role, core.Term));
        Assert.Equal(Leaderlessness.NoMembership, core.Status(new Instant(0) + TimeSpan.FromDays(1)).WhyNoLeader);
    }

    [Fact]
    public void A_commit_index_from_disk_is_a_hint_within_the_log()
    {
        RestoredState beyond = State((1, Membership.Of(1)));
        beyond = new() { HardState = new(new Term(1), null, new LogIndex(99)), Log = beyond.Log, Memberships = beyond.Memberships };

        Assert.Equal(new LogIndex(2), new RaftCore(Options(), beyond, default).CommitIndex);
    }

    [Fact] // A snapshot is stored by itself, and may be durable before the order that says which term the node had entered.
    public void A_snapshot_ahead_of_the_stored_term_brings_its_term_and_frees_the_vote()
    {
        var state = new RestoredState { HardState = new(new Term(1), new NodeId(1), LogIndex.Zero), Snapshot = At(2, 4) };

        var core = new RaftCore(Options(), state, default);

        Assert.Equal((new Term(2), null, new LogIndex(4)), (core.Term, core.VotedFor, core.CommitIndex));
        Assert.Equal(new Term(2), core.TakeReady(default).Persist!.Value.HardState!.Value.Term);
    }

    private static HardState Hard(ulong term) => new(new Term(term), null, LogIndex.Zero);

    private static TermRun Run(ulong term, ulong first, ulong last) => new(new Term(term), new LogIndex(first), new LogIndex(last));

    private static Snapshot At(ulong term, ulong index) => new(EntryId.Of(term, index), Membership.Of(1), new LogIndex(1));

    private static RestoredState State(params (ulong Index, Membership Membership)[] memberships) => new()
    {
        HardState = Hard(1),
        Log = [Run(1, 1, 2)],
        Memberships = [.. memberships.Select(entry => (new LogIndex(entry.Index), entry.Membership))],
    };

    private static RaftOptions Options(TimeSpan? electionTimeout = null, uint incarnation = 1, TimeSpan? heartbeat = null) => new()
    {
        Cluster = new ClusterId(1),
        Node = new NodeId(1),
        Incarnation = new Incarnation(incarnation),
        Seed = 1,
        ElectionTimeout = electionTimeout ?? TimeSpan.FromMilliseconds(500),
        HeartbeatInterval = heartbeat,
    };

    private static RaftOptions Waits(TimeSpan? notice = null, TimeSpan? snapshot = null, TimeSpan? disk = null) => new()
    {
        Cluster = new ClusterId(1),
        Node = new NodeId(1),
        Incarnation = new Incarnation(1),
        Seed = 1,
        CommitNoticeDelay = notice,
        SnapshotStallTimeout = snapshot,
        DiskStallTimeout = disk,
    };

    private static RaftOptions Limits(
        int drift = 10, int messageBytes = 1, int messageEntries = 1, int windowMessages = 1, long windowBytes = 1, int windowEntries = 1,
        int entryBytes = 1, long uncommittedBytes = 100, int uncommittedEntries = 1, int reads = 1) => new()
        {
            Cluster = new ClusterId(1),
            Node = new NodeId(1),
            Incarnation = new Incarnation(1),
            Seed = 1,
            ClockDriftPerMille = drift,
            MessageBytesMax = messageBytes,
            MessageEntriesMax = messageEntries,
            WindowMessagesMax = windowMessages,
            WindowBytesMax = windowBytes,
            WindowEntriesMax = windowEntries,
            EntryBytesMax = entryBytes,
            UncommittedBytesMax = uncommittedBytes,
            UncommittedEntriesMax = uncommittedEntries,
            ReadsPendingMax = reads,
        };
}
