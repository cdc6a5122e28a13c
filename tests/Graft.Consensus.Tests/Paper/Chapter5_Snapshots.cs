using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>Thesis §5.1 (compaction and InstallSnapshot), §5.1.1 (membership in a snapshot).</summary>
public sealed class Chapter5_Snapshots
{
    [Fact] // §5.1: what can't be sent any more is replaced by a snapshot
    public void A_follower_that_needs_compacted_entries_is_offered_the_snapshot()
    {
        Solo leader = Compacted();
        Message probe = leader.The(MessageKind.AppendEntries, Two);
        leader.Forget();

        leader.Receive(RefuseAppend(probe, hintTerm: 1, hint: 1));

        Assert.Equal(EntryId.Of(4, 5), leader.The(MessageKind.InstallSnapshot, Two).Snapshot!.Last);
        Assert.Empty(leader.All(MessageKind.AppendEntries, Two));
    }

    [Fact] // §5.1: afterwards the log goes on
    public void Replication_goes_on_behind_the_snapshot()
    {
        Solo leader = Compacted();
        leader.Receive(RefuseAppend(leader.The(MessageKind.AppendEntries, Two), hintTerm: 1, hint: 1));
        leader.Forget();

        leader.Receive(Ack(Two, leader.Core, last: 5));

        Assert.Equal(EntryId.Of(4, 5), leader.The(MessageKind.AppendEntries, Two).Previous);
    }

    [Fact] // §5.1
    public void A_lost_offer_is_made_again_when_the_follower_is_heard()
    {
        Solo leader = Compacted();
        leader.Receive(RefuseAppend(leader.The(MessageKind.AppendEntries, Two), hintTerm: 1, hint: 1));
        leader.Forget();

        leader.Pass(Heartbeats);
        leader.AnswerHeartbeats(Two);

        Assert.Single(leader.All(MessageKind.InstallSnapshot, Two));
    }

    [Fact] // §5.1: discards its entire log if that conflicts
    public void A_snapshot_replaces_a_log_that_does_not_hold_its_last_entry()
    {
        Solo node = Following(log: [1, 1, 1, 1, 1, 1, 1, 1], term: 3);
        Install(node, SnapshotAt(2, 6));

        Assert.Equal((EntryId.Of(2, 6), EntryId.Of(2, 6), 6UL), (node.Core.Log.Base, node.Core.Log.Last, node.Core.CommitIndex.Value));
        PersistOrder order = Assert.Single(node.Orders);
        Assert.True(order.ResetLog);
        Assert.Equal(EntryId.Of(2, 6), order.Install!.Last);
    }

    [Fact] // §5.1: if it describes a prefix, what follows is retained: it may have been acknowledged
    public void A_snapshot_leaves_a_log_that_holds_its_last_entry_alone()
    {
        Solo node = Following(log: [1, 2, 2, 2, 2], term: 3);

        node.Receive(Offer(Two, 3, SnapshotAt(2, 3)));

        Assert.Null(node.ToReceive);
        Assert.Equal((5UL, 3UL), (node.Core.Log.Last.Index.Value, node.Core.CommitIndex.Value));
        Assert.Equal(3UL, node.AcknowledgedTo(Two));
    }

    [Fact] // §5.1: the log grew while the snapshot was on its way
    public void What_was_appended_meanwhile_stays_if_it_follows_the_snapshot()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Offer(Two, 3, SnapshotAt(3, 4)));
        node.Receive(Append(Two, 3, 1, 1, count: 6));
        node.Persist();

        Assert.True(node.Core.SnapshotReceived(EntryId.Of(3, 4), node.Now));
        node.Take();

        Assert.Equal(7UL, node.Core.Log.Last.Index.Value);
        Assert.False(Assert.Single(node.Orders).ResetLog);
    }

    [Fact] // §5.1: a duplicate or an old one
    public void A_snapshot_below_our_commit_index_is_answered_and_not_fetched()
    {
        Solo node = Following(log: [1, 2, 2, 2], term: 3, commit: 4);

        node.Receive(Offer(Two, 3, SnapshotAt(2, 3)));

        Assert.Null(node.ToReceive);
        Assert.Equal(4UL, node.Core.CommitIndex.Value);
        Assert.Equal(4UL, node.AcknowledgedTo(Two));
    }

    [Fact] // §5.1
    public void A_snapshot_that_the_log_has_overtaken_is_not_installed()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Offer(Two, 3, SnapshotAt(3, 4)));
        node.Receive(Append(Two, 3, 1, 1, count: 5, commit: 6));

        Assert.False(node.Core.SnapshotReceived(EntryId.Of(3, 4), node.Now));
        Assert.Equal(EntryId.Of(3, 4), node.Abandoned);
        Assert.Equal((0UL, 6UL), (node.Core.Log.Base.Index.Value, node.Core.CommitIndex.Value));
    }

    [Fact] // §5.1
    public void A_newer_offer_replaces_the_one_that_is_being_fetched()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Offer(Two, 3, SnapshotAt(3, 4)));

        node.Receive(Offer(Two, 3, SnapshotAt(3, 9)));

        Assert.Equal((EntryId.Of(3, 9), EntryId.Of(3, 4)), (node.ToReceive!.Last, node.Abandoned));
        Assert.False(node.Core.SnapshotReceived(EntryId.Of(3, 4), node.Now));
    }

    [Fact] // §5.1.1: the configuration at the snapshot's end
    public void A_snapshot_brings_the_configuration_of_its_end()
    {
        Solo node = Following(log: [1, 1, 1], term: 3);
        node.Receive(Append(Two, 3, 1, 3, count: 1) with { Membership = Membership.Of(1, 2, 3, 4) });

        Install(node, SnapshotAt(2, 9, FiveVoters, membershipIndex: 7));

        Assert.Equal((FiveVoters, 7UL), (node.Core.Membership, node.Core.MembershipIndex.Value));
    }

    [Fact] // §3.8: installed is durable
    public void An_installed_snapshot_is_acknowledged_only_once_it_is_durable()
    {
        Solo node = Following(log: [1, 1, 1], term: 3);
        Install(node, SnapshotAt(2, 9));
        Assert.True(node.AcknowledgedTo(Two) < 9);

        node.Persist();

        Assert.Equal(9UL, node.AcknowledgedTo(Two));
    }

    [Fact] // §3.8: they belong to the log that the snapshot drops
    public void Receipts_of_the_dropped_log_count_for_nothing()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 9));
        PersistOrder append = Assert.Single(node.Orders);
        node.Receive(Heartbeat(Three, 5));
        node.Receive(Offer(Three, 5, SnapshotAt(4, 6)));
        node.Core.SnapshotReceived(EntryId.Of(4, 6), node.Now);

        node.Persist(append);

        Assert.Equal(1UL, node.Core.DurableIndex.Value);
        node.Persist();
        Assert.Equal(6UL, node.Core.DurableIndex.Value);
    }

    [Fact] // §5.1: only what is committed, and only what a snapshot covers
    public void The_log_is_compacted_only_as_far_as_a_snapshot_covers_it()
    {
        Solo leader = Leader(log: [1, 1, 1], term: 3);
        Assert.Equal(0UL, leader.Core.Compact(new LogIndex(3), leader.Now).Value);

        leader.Core.SnapshotTaken(SnapshotAt(1, 2), leader.Now);
        Assert.Equal(2UL, leader.Core.Compact(new LogIndex(3), leader.Now).Value);

        Assert.Equal((EntryId.Of(1, 2), EntryId.Of(4, 4)), (leader.Core.Log.Base, leader.Core.Log.Last));
        Assert.Equal(ThreeVoters, leader.Core.Membership);
    }

    [Fact] // §5.1: a snapshot holds committed entries only
    public void A_snapshot_of_what_is_not_committed_or_not_ours_is_refused()
    {
        Solo leader = Leader(log: [1, 1, 1], term: 3);
        leader.Propose();

        Assert.Throws<ArgumentException>(() => leader.Core.SnapshotTaken(SnapshotAt(4, 5), leader.Now));
        Assert.Throws<ArgumentException>(() => leader.Core.SnapshotTaken(SnapshotAt(2, 3), leader.Now));
    }

    [Fact] // §5.1: the consistency check works across the compacted part
    public void An_append_that_begins_in_the_compacted_part_is_no_conflict()
    {
        Solo node = Following(log: [1, 1, 1, 1, 1], term: 3, commit: 4);
        node.Core.SnapshotTaken(SnapshotAt(1, 4), node.Now);
        node.Core.Compact(new LogIndex(4), node.Now);

        node.Receive(Append(Two, 3, 1, 2, count: 3, entriesTerm: 1));

        Assert.Equal((5UL, 5UL), (node.Core.Log.Last.Index.Value, node.AcknowledgedTo(Two)));
        Assert.Empty(node.Orders);
    }

    [Fact] // §5.1: crash between storing the snapshot and dropping the log
    public void A_restart_finds_a_snapshot_that_its_log_contradicts_and_believes_the_snapshot()
    {
        RestoredState disk = Disk([1, 1, 1, 1], term: 3);

        Solo node = Restarted(new RestoredState
        {
            HardState = disk.HardState,
            Log = disk.Log,
            Memberships = disk.Memberships,
            Snapshot = SnapshotAt(2, 3, FiveVoters, membershipIndex: 2),
        });

        Assert.Equal((EntryId.Of(2, 3), EntryId.Of(2, 3), 3UL), (node.Core.Log.Base, node.Core.Log.Last, node.Core.CommitIndex.Value));
        Assert.Equal(FiveVoters, node.Core.Membership);
    }

    [Fact] // §5.1.1: the dropped log takes its configurations with it, those above the snapshot's end too
    public void A_restart_that_believes_the_snapshot_drops_every_configuration_of_the_log_it_contradicts()
    {
        RestoredState disk = Disk([1, 1, 1, 1, 1], term: 3);

        Solo node = Restarted(new RestoredState
        {
            HardState = disk.HardState,
            Log = disk.Log,
            Memberships = [(new LogIndex(1), ThreeVoters), (new LogIndex(5), Membership.Of(1))],
            Snapshot = SnapshotAt(2, 3),
        });

        Assert.Equal((ThreeVoters, 1UL), (node.Core.Membership, node.Core.MembershipIndex.Value));
    }

    [Fact] // §5.1: an order is one step on disk, and a log with a hole in it can't be restored
    public void An_install_that_keeps_the_log_leaves_no_hole_on_disk()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Offer(Two, 3, SnapshotAt(3, 4)));

        node.Feed(Append(Two, 3, 1, 1, count: 6));
        node.Core.SnapshotReceived(EntryId.Of(3, 4), node.Now);
        node.Take();

        PersistOrder order = Assert.Single(node.Orders);
        Assert.True(order.ResetLog || order.First.Value == 2, order.ToString());
    }

    private static void Install(Solo node, Snapshot snapshot)
    {
        node.Receive(Offer(Two, 3, snapshot));
        Assert.Equal(snapshot, node.ToReceive);
        Assert.True(node.Core.SnapshotReceived(snapshot.Last, node.Now));
        node.Take();
    }

    // A leader whose log begins behind 5@t4, and a probe to node 2 on its way at the end of it.
    private static Solo Compacted()
    {
        Solo leader = Elected(log: [1, 1, 1], term: 3);
        leader.Propose(2);
        leader.Persist();
        leader.Receive(Ack(Three, leader.Core));
        leader.Core.SnapshotTaken(SnapshotAt(4, 5), leader.Now);
        leader.Core.Compact(new LogIndex(5), leader.Now);
        Assert.Equal(EntryId.Of(4, 5), leader.Core.Log.Base);
        return leader;
    }
}
