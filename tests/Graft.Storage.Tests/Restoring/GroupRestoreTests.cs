using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Storage.Tests.Log;
using Graft.Storage.Tests.Snapshots;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Restoring;

public sealed class GroupRestoreTests
{
    private static readonly Membership Three = Membership.Of(1, 2, 3);
    private static readonly Membership Four = Membership.Of(1, 2, 3, 4);

    [Fact]
    public void A_log_and_a_snapshot_within_it_are_taken_as_they_are()
    {
        RecoveredGroup group = Group(start: (4, 1), runs: [(1, 5, 6), (2, 7, 9)]);

        GroupRestore restore = Restore(group, At(7, 2));

        Assert.Null(restore.First);
        Assert.Empty(restore.Notes);
        Assert.Equal(EntryId.Of(1, 4), restore.State.LogStart);
        Assert.Equal(group.Log, restore.State.Log);
        Assert.Equal((new LogIndex(1), Three), restore.State.MembershipAtStart);
        Assert.Null(restore.State.Lost);
        Assert.Equal(group.HardState, restore.State.HardState);
    }

    [Theory]
    [InlineData(12, 2)]
    [InlineData(8, 3)]
    public void A_log_that_ends_before_the_snapshot_or_has_another_term_there_is_put_away_for_it(ulong index, ulong term)
    {
        RecoveredGroup group = Group(start: (4, 1), runs: [(1, 5, 6), (2, 7, 9)]);

        GroupRestore restore = Restore(group, At(index, term));

        Assert.Equal(EntryId.Of(term, index), restore.State.LogStart);
        Assert.Empty(restore.State.Log);
        Assert.Null(restore.State.Lost);
        Assert.NotNull(restore.First);
        Assert.True(restore.First.IsReset);
        Assert.Equal(EntryId.Of(term, index), restore.First.Start?.At);
        Assert.True(MembershipCodec.TryRead(restore.First.Start!.Value.Membership.Span, out Membership written, out _));
        Assert.Equal(Three, written);
        Assert.Single(restore.Notes);
    }

    [Fact]
    public void Without_the_snapshot_that_a_log_rests_on_all_of_it_is_lost_and_known_to_be()
    {
        RecoveredGroup group = Group(start: (4, 1), runs: [(2, 5, 9)]);

        GroupRestore restore = Restore(group, snapshot: null);

        Assert.Equal(EntryId.Zero, restore.State.LogStart);
        Assert.Empty(restore.State.Log);
        Assert.Equal(new LostEntries(EntryId.Of(2, 9)), restore.State.Lost);
        Assert.Equal(LogIndex.Zero, restore.State.HardState.Commit);
        Assert.Equal(restore.State.Lost, restore.First?.Lost);
        Assert.True(restore.First!.IsReset);
        Assert.Contains("no valid snapshot", Assert.Single(restore.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_snapshot_than_the_log_rests_on_is_where_the_group_begins_again()
    {
        RecoveredGroup group = Group(start: (4, 1), runs: [(2, 5, 9)]);

        GroupRestore restore = Restore(group, At(3, 1));

        Assert.Equal(EntryId.Of(1, 3), restore.State.LogStart);
        Assert.Equal(new LostEntries(EntryId.Of(2, 9)), restore.State.Lost);
    }

    [Fact]
    public void What_the_log_knows_to_be_lost_is_passed_on()
    {
        RecoveredGroup group = Group(runs: [(1, 1, 3)]) with { Lost = new LostEntries(EntryId.Of(4, 8)) };

        GroupRestore restore = Restore(group, snapshot: null);

        Assert.Equal(group.Lost, restore.State.Lost);
        Assert.Null(restore.First);
    }

    [Fact]
    public void A_loss_on_a_loss_keeps_the_higher_mark_and_an_unknown_one_stays_unknown()
    {
        RecoveredGroup group = Group(start: (4, 1), runs: [(2, 5, 9)]);

        GroupRestore higher = Restore(group with { Lost = new LostEntries(EntryId.Of(3, 5)) }, snapshot: null);
        GroupRestore unknown = Restore(group with { Lost = new LostEntries(null) }, snapshot: null);

        Assert.Equal(new LostEntries(EntryId.Of(3, 5)), higher.State.Lost);
        Assert.Equal(new LostEntries(null), unknown.State.Lost);
    }

    [Fact]
    public void From_a_configuration_on_that_cannot_be_decoded_entries_are_lost()
    {
        RecoveredGroup group = Group(runs: [(1, 1, 3), (2, 4, 9)], memberships: [(1, Encoded(Three)), (6, new byte[] { 9, 9, 9 })]);

        GroupRestore restore = Restore(group, snapshot: null);

        Assert.Equal([Run(1, 1, 3), Run(2, 4, 5)], restore.State.Log);
        Assert.Equal([(new LogIndex(1), Three)], restore.State.Memberships);
        Assert.Equal(new LostEntries(EntryId.Of(2, 9)), restore.State.Lost);
        Assert.Equal(new LogIndex(5), restore.State.HardState.Commit);
        Assert.Equal(new LogIndex(5), restore.First?.TruncateAfter);
    }

    [Fact]
    public void A_configuration_that_cannot_be_decoded_below_the_snapshot_costs_no_entry()
    {
        RecoveredGroup group = Group(runs: [(1, 1, 3), (2, 4, 9)], memberships: [(2, new byte[] { 9 }), (8, Encoded(Four))]);

        GroupRestore restore = Restore(group, At(6, 2));

        Assert.Equal(EntryId.Of(2, 6), restore.State.LogStart);
        Assert.Equal([Run(2, 7, 9)], restore.State.Log);
        Assert.Equal([(new LogIndex(8), Four)], restore.State.Memberships);
        Assert.Null(restore.State.Lost);
        Assert.False(restore.First!.IsReset);
        Assert.Equal(EntryId.Of(2, 6), restore.First.Start?.At);
    }

    [Fact]
    public void A_start_whose_configuration_is_unreadable_moves_up_to_the_snapshot()
    {
        RecoveredGroup group = Group(start: (4, 1), runs: [(2, 5, 9)]);
        group = group with { Start = group.Start with { Membership = new byte[] { 7 } } };

        GroupRestore restore = Restore(group, At(6, 2));

        Assert.Equal(EntryId.Of(2, 6), restore.State.LogStart);
        Assert.Equal([Run(2, 7, 9)], restore.State.Log);
        Assert.Null(restore.State.Lost);
    }

    [Fact]
    public void The_kind_of_the_log_is_kept()
    {
        RecoveredGroup group = Group(runs: [(1, 1, 3)]);
        group = group with { HardState = group.HardState with { Log = LogKind.HeadersOnly } };

        Assert.Equal(LogKind.HeadersOnly, Restore(group, At(9, 4)).State.HardState.Log);
    }

    [Fact]
    public void Entries_whose_kind_is_lost_are_given_up()
    {
        RecoveredGroup group = Group(runs: [(1, 1, 3)]);
        group = group with { HardState = group.HardState with { Log = LogKind.Undecided } };

        GroupRestore restore = Restore(group, At(2, 1));

        Assert.Null(restore.State.Snapshot);
        Assert.Empty(restore.State.Log);
        Assert.Equal(new LostEntries(EntryId.Of(1, 3)), restore.State.Lost);
    }

    [Fact]
    public void A_vote_whose_row_is_lost_is_unknown()
    {
        RecoveredGroup group = Group(runs: [(1, 1, 3), (9, 4, 5)]);

        GroupRestore restore = Restore(group, snapshot: null);

        Assert.Equal(new Term(9), restore.State.HardState.Term);
        Assert.Null(restore.State.HardState.VotedFor);
        Assert.Equal(new LostEntries(null), restore.State.Lost);
        Assert.Equal(restore.State.HardState, restore.First?.HardState);
    }

    [Fact]
    public void A_snapshot_of_a_group_that_the_log_does_not_know_says_that_much_is_lost()
    {
        GroupRestore restore = GroupRestore.Of(G, null, At(5, 2));

        Start(restore);
        Assert.Null(restore.State.Snapshot);
        Assert.Equal(new LostEntries(null), restore.State.Lost);
    }

    [Fact]
    public void A_group_of_which_nothing_is_known_is_blank()
    {
        GroupRestore restore = GroupRestore.Of(G, null, snapshot: null);

        Start(restore);
        Assert.Null(restore.First);
        Assert.Null(restore.State.Lost);
    }

    [Fact]
    public void The_first_write_makes_the_disk_agree_and_the_loss_survives_a_restart()
    {
        var disk = new SimulatedDisk(new SeededRandom(5));
        WriteAheadLog log = Open(disk);
        log.Append(G, term: 1, first: 1, last: 9);
        LogWrite compaction = Compaction(G, 1, 4);
        compaction.HardState = new HardState(new Term(1), null, new LogIndex(6), LogKind.Full);
        log.Commit(compaction);
        log.Close();
        log = Open(disk);
        GroupRestore restore = GroupRestore.Of(G, Assert.Single(log.Recovery.Groups), snapshot: null);
        log.Commit(restore.First!);
        log.Close();

        using WriteAheadLog again = Open(disk);

        RecoveredGroup group = Assert.Single(again.Recovery.Groups);
        Assert.Equal(new LostEntries(EntryId.Of(1, 9)), group.Lost);
        Assert.Empty(group.Log);
        GroupRestore second = Restore(group, snapshot: null);
        Assert.Null(second.First);
        Assert.Equal(group.Lost, second.State.Lost);
    }

    [Fact]
    public void A_damaged_snapshot_is_passed_over_for_an_older_one_and_said()
    {
        var shelf = new Shelf();
        shelf.Put(3, Shelf.Content(40));
        shelf.Put(6, Shelf.Content(40));
        shelf.Flip(Shelf.PathOf(6), 100);
        RecoveredGroup group = Group(start: (3, 2), runs: [(2, 4, 9)]) with { Id = Shelf.Group };

        GroupRestore restore = GroupRestore.Of(Shelf.Group, group, shelf.Store);

        Assert.Equal(EntryId.Of(2, 3), restore.State.Snapshot?.Last);
        Assert.Null(restore.State.Lost);
        Assert.Contains("damaged", Assert.Single(restore.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void The_core_accepts_whatever_is_composed_and_a_second_time_there_is_nothing_to_write()
    {
        for (ulong seed = 1; seed <= 5000; seed++)
        {
            var random = new SeededRandom(seed);
            RecoveredGroup? group = random.Chance(50) ? null : Draw(random);
            Snapshot? snapshot = random.Chance(300) ? null : At((ulong)random.Next(0, 14), (ulong)random.Next(1, 4), random);

            GroupRestore restore = GroupRestore.Of(G, group, snapshot);

            Start(restore);
            Assert.True(restore.First is null || restore.State.Lost == (restore.First.Lost ?? group?.Lost), $"seed {seed}");
            GroupRestore second = GroupRestore.Of(G, Written(restore), restore.State.Snapshot);
            Assert.True(second.First is null, $"seed {seed}: {string.Join(' ', second.Notes)}");
        }
    }

    private static GroupRestore Restore(RecoveredGroup group, Snapshot? snapshot)
    {
        GroupRestore restore = GroupRestore.Of(group.Id, group, snapshot);
        Start(restore);
        return restore;
    }

    private static void Start(GroupRestore restore)
    {
        var core = new RaftCore(
            new RaftOptions { Cluster = new ClusterId(11), Node = new NodeId(3), Incarnation = new Incarnation(2), Seed = 1 },
            restore.State,
            new Instant(1_000_000_000));
        Assert.Equal(restore.State.Lost is not null, core.IsRepairing);
    }

    // What recovery would find after the first write.
    private static RecoveredGroup Written(GroupRestore restore)
    {
        RestoredState state = restore.State;
        return new RecoveredGroup(
            G,
            state.HardState,
            LogStart.Of(state.LogStart, state.MembershipAtStart.Index, state.MembershipAtStart.Membership),
            state.Log,
            [.. state.Memberships.Select(each => (each.Index, (ReadOnlyMemory<byte>)Encoded(each.Membership)))],
            state.Lost);
    }

    private static RecoveredGroup Draw(SeededRandom random)
    {
        ulong start = random.Chance(500) ? 0 : (ulong)random.Next(1, 6);
        ulong term = start == 0 ? 0 : (ulong)random.Next(1, 2);
        var runs = new List<(ulong Term, ulong First, ulong Last)>();
        ulong next = start + 1;
        ulong runTerm = Math.Max(term, 1);
        for (int i = random.Next(0, 3); i > 0; i--)
        {
            ulong last = next + (ulong)random.Next(0, 3);
            runs.Add((random.Chance(30) ? (ulong)random.Next(0, 2) : runTerm, random.Chance(30) ? next + 1 : next, last));
            next = last + 1;
            runTerm += (ulong)random.Next(1, 2);
        }

        var memberships = new List<(ulong, byte[])>();
        for (ulong index = start + 1; index < next; index++)
        {
            if (random.Chance(300))
            {
                byte[] bytes = random.Chance(300) ? [1, 2, 3] : Encoded(random.Chance(100) ? Membership.Empty : Four);
                memberships.Add((index, bytes));
            }
        }

        RecoveredGroup group = Group((start, term), [.. runs], [.. memberships]);
        LogKind kind = random.Chance(100) ? LogKind.Undecided : random.Chance(200) ? LogKind.HeadersOnly : LogKind.Full;
        ulong known = random.Chance(50) ? (ulong)random.Next(0, 2) : 20;
        group = group with { HardState = new HardState(new Term(known), new NodeId(1), new LogIndex((ulong)random.Next(0, 12)), kind) };
        return random.Chance(800) ? group : group with
        {
            Lost = new LostEntries(random.Chance(500) ? null : EntryId.Of((ulong)random.Next(1, 4), (ulong)random.Next(1, 20))),
            Start = random.Chance(500) ? group.Start with { Membership = new byte[] { 4 } } : group.Start,
        };
    }

    private static RecoveredGroup Group(
        (ulong Index, ulong Term) start = default, (ulong Term, ulong First, ulong Last)[]? runs = null, (ulong Index, byte[] Bytes)[]? memberships = null) =>
        new(
            G,
            new HardState(new Term(5), new NodeId(2), new LogIndex(7), LogKind.Full),
            start.Index == 0 ? LogStart.Zero : LogStart.Of(EntryId.Of(start.Term, start.Index), new LogIndex(1), Three),
            [.. (runs ?? []).Select(run => Run(run.Term, run.First, run.Last))],
            [.. (memberships ?? []).Select(each => (new LogIndex(each.Index), (ReadOnlyMemory<byte>)each.Bytes))],
            null);

    private static Snapshot At(ulong index, ulong term, SeededRandom? random = null) =>
        new(EntryId.Of(index == 0 ? 0 : term, index), random is null || random.Chance(900) ? Three : Membership.Empty, new LogIndex(Math.Min(index, 1)), 100);

    private static TermRun Run(ulong term, ulong first, ulong last) => new(new Term(term), new LogIndex(first), new LogIndex(last));

    private static byte[] Encoded(Membership membership)
    {
        byte[] bytes = new byte[MembershipCodec.GetSize(membership)];
        MembershipCodec.Write(membership, bytes);
        return bytes;
    }
}
