using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>Thesis §3.5 (log replication), §3.6.2 (committing entries from previous terms), §3.7 (crashes), §3.8 (durability).</summary>
public sealed class Chapter3_Replication
{
    [Theory] // §3.5: the consistency check
    [InlineData(1, 4, false)] // longer than ours
    [InlineData(3, 3, false)] // another term there
    [InlineData(2, 3, true)]
    public void Entries_are_accepted_only_behind_an_entry_that_we_hold(ulong previousTerm, ulong previous, bool accepted)
    {
        Solo node = Following(log: [1, 2, 2], term: 3);

        node.Receive(Append(Two, 3, previousTerm, previous, count: 1));
        node.Persist();

        Message reply = node.All(MessageKind.AppendEntriesReply)[^1];
        Assert.Equal((accepted, accepted ? MessageReason.None : MessageReason.LogMismatch), (reply.IsGranted, reply.Reason));
        Assert.Equal(accepted ? [1, 2, 2, 3] : [1UL, 2, 2], node.Terms());
    }

    [Fact] // §3.5: conflicting entries are overwritten
    public void A_conflict_drops_the_entry_and_all_that_follow_it()
    {
        Solo node = Following(log: [1, 1, 2, 2, 2], term: 3);

        node.Receive(Append(Two, 3, 1, 2, count: 1));

        Assert.Equal([1, 1, 3], node.Terms());
        Assert.Equal((2UL, 3UL), (node.Orders[0].TruncateAfter!.Value.Value, node.Orders[0].First.Value));
    }

    [Fact] // §3.5: what follows may have been acknowledged
    public void A_shorter_append_that_agrees_leaves_the_rest_of_the_log_alone()
    {
        Solo node = Following(log: [1, 3, 3, 3, 3], term: 3);

        node.Receive(Append(Two, 3, 1, 1, count: 2));

        Assert.Equal([1, 3, 3, 3, 3], node.Terms());
        Assert.Empty(node.Orders);
        Assert.Equal(3UL, node.The(MessageKind.AppendEntriesReply).Last.Value);
    }

    [Fact] // §3.5: Raft's messages may be repeated and reordered
    public void An_append_that_comes_again_later_does_nothing()
    {
        Solo node = Following(log: [1], term: 3);
        Message first = Append(Two, 3, 1, 1, count: 2);
        node.Receive(first);
        node.Receive(Append(Two, 3, 3, 3, count: 4, commit: 5));
        node.Persist();

        node.Receive(first);

        Assert.Equal((7UL, 5UL, 7UL), (node.Core.Log.Last.Index.Value, node.Core.CommitIndex.Value, node.Core.DurableIndex.Value));
        Assert.Empty(node.Orders);
    }

    [Fact] // §3.5, figure 3.6: a follower with another history answers with the last place where they can agree
    public void A_refusal_names_the_last_entry_of_no_later_term()
    {
        Solo f = Following(log: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], term: 8);
        Solo b = Following(log: [1, 1, 1, 4], term: 8);
        Solo d = Following(log: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7], term: 8);

        f.Receive(Append(Two, 8, 2, 10));
        b.Receive(Append(Two, 8, 6, 10));
        d.Receive(Append(Two, 8, 5, 10));

        Assert.Equal(EntryId.Of(2, 6), f.The(MessageKind.AppendEntriesReply).Hint);
        Assert.Equal(EntryId.Of(4, 4), b.The(MessageKind.AppendEntriesReply).Hint);
        Assert.Equal(EntryId.Of(5, 7), d.The(MessageKind.AppendEntriesReply).Hint);
    }

    [Fact] // §3.5, figure 3.6 (f): with the optimisation, one round trip per conflicting term and not per entry
    public void A_leader_goes_back_a_whole_term_at_each_refusal()
    {
        Solo leader = Elected(log: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6], term: 7);
        Message probe = leader.The(MessageKind.AppendEntries, Two);
        Assert.Equal(EntryId.Of(6, 10), probe.Previous);
        leader.Forget();

        leader.Receive(RefuseAppend(probe, hintTerm: 3, hint: 10));

        Message next = leader.The(MessageKind.AppendEntries, Two);
        Assert.Equal((EntryId.Of(1, 3), new Term(4), 5UL), (next.Previous, next.EntriesTerm, next.Last.Value));
    }

    [Fact] // §3.5: repair ends
    public void A_leader_goes_back_at_least_one_entry_at_each_refusal()
    {
        Solo leader = Elected(log: [1, 1, 1, 1, 1, 1], term: 3);
        for (ulong previous = 6; previous > 0; previous--)
        {
            Message probe = leader.The(MessageKind.AppendEntries, Two);
            Assert.Equal(previous, probe.Previous.Index.Value);
            leader.Forget();

            leader.Receive(RefuseAppend(probe, hintTerm: 1, hint: previous));
        }

        Assert.Equal(EntryId.Zero, leader.The(MessageKind.AppendEntries, Two).Previous);
    }

    [Fact] // §3.5: an answer that was overtaken says nothing about now
    public void A_refusal_that_comes_late_rewinds_nothing()
    {
        Solo leader = Elected(log: [1, 1, 1], term: 3);
        Message probe = leader.The(MessageKind.AppendEntries, Two);
        leader.Receive(Ack(Two, leader.Core));
        leader.Propose(3);
        leader.Forget();

        Assert.Equal(StepOutcome.Stale, leader.Receive(RefuseAppend(probe, hintTerm: 1, hint: 1)));

        Assert.Empty(leader.All(MessageKind.AppendEntries, Two));
    }

    [Fact] // §3.5: matchIndex never goes back
    public void An_acknowledgement_that_comes_late_takes_nothing_back()
    {
        Solo leader = Leader(log: [1, 1, 1], term: 3);

        leader.Receive(Ack(Two, leader.Core, last: 2));

        Assert.Equal(leader.Core.Log.Last.Index, leader.Core.Status(leader.Now).Members[1].Match);
    }

    [Theory] // §3.5
    [InlineData(0UL)]
    [InlineData(1UL << 40)]
    public void Nobody_acknowledges_what_was_never_sent(ulong beyond)
    {
        Solo leader = Leader();
        LogIndex commit = leader.Core.CommitIndex;

        Assert.Equal(StepOutcome.BeyondOurLog, leader.Receive(Ack(Two, leader.Core, last: commit.Value + 1 + beyond)));

        Assert.Equal(commit, leader.Core.CommitIndex);
    }

    [Fact] // §3.5
    public void An_entry_is_committed_once_a_majority_stores_it()
    {
        Solo leader = Leader(members: FiveVoters);
        LogIndex before = leader.Core.CommitIndex;
        LogIndex proposed = leader.Propose().Last.Index;
        leader.Persist();

        leader.Receive(Ack(Two, leader.Core));
        leader.Receive(Ack(Two, leader.Core));
        Assert.Equal(before, leader.Core.CommitIndex);

        leader.Receive(Ack(Three, leader.Core));
        Assert.Equal(proposed, leader.Core.CommitIndex);
    }

    [Fact] // §3.6.2, figure 3.7 (c): term 2's entry is on a majority and still not committed
    public void An_entry_of_an_earlier_term_is_not_committed_by_counting()
    {
        Solo s1 = Elected(log: [1, 2], term: 3, members: FiveVoters);
        s1.Persist();

        s1.Receive(Ack(Two, s1.Core, last: 2));
        s1.Receive(Ack(Three, s1.Core, last: 2));
        Assert.Equal(1UL, s1.Core.CommitIndex.Value);

        // (e): an entry of its own term on a majority commits all before it.
        s1.Receive(Ack(Two, s1.Core, last: 3));
        s1.Receive(Ack(Three, s1.Core, last: 3));
        Assert.Equal(3UL, s1.Core.CommitIndex.Value);
    }

    [Fact] // §3.6.2, figure 3.7 (d): S5 may still overwrite it
    public void An_entry_of_an_earlier_term_on_a_majority_can_be_overwritten()
    {
        Solo s3 = Follower(log: [1, 2], term: 4, members: FiveVoters);

        s3.Receive(RequestVote(Five, 5, lastTerm: 3, lastIndex: 2));
        s3.Persist();
        s3.Receive(Append(Five, 5, 1, 1, count: 1, entriesTerm: 3));

        Assert.True(s3.The(MessageKind.RequestVoteReply).IsGranted);
        Assert.Equal([1, 3], s3.Terms());
    }

    [Fact] // §3.6.2, figure 3.7 (e): S5 can't win once term 4's entry is on a majority
    public void Whoever_holds_the_newer_term_refuses_the_older_log()
    {
        Solo s3 = Follower(log: [1, 2, 4], term: 4, members: FiveVoters);

        s3.Receive(RequestVote(Five, 5, lastTerm: 3, lastIndex: 2));
        s3.Persist();

        Assert.Equal(MessageReason.LogBehind, s3.The(MessageKind.RequestVoteReply).Reason);
    }

    [Fact] // §3.5: commitIndex = min(leaderCommit, index of the last new entry)
    public void A_follower_commits_no_more_than_this_leader_has_verified()
    {
        Solo node = Following(log: [1, 2, 2, 2], term: 3);

        node.Receive(Heartbeat(Two, 3, commit: 4));
        Assert.Equal(1UL, node.Core.CommitIndex.Value);

        node.Receive(Append(Two, 3, 1, 1, count: 1, entriesTerm: 2, commit: 4));
        Assert.Equal(2UL, node.Core.CommitIndex.Value);

        node.Receive(Append(Two, 3, 2, 4, commit: 3));
        Assert.Equal(3UL, node.Core.CommitIndex.Value);
    }

    [Fact] // §3.5: what an earlier leader verified may be another history
    public void A_new_leader_has_verified_nothing_yet()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 3));

        node.Receive(Heartbeat(Three, 4, commit: 4));

        Assert.Equal(1UL, node.Core.CommitIndex.Value);
    }

    [Fact] // §3.5: beyond what a follower has acknowledged its log may be another history
    public void A_heartbeat_tells_a_follower_of_no_commit_beyond_its_acknowledgement()
    {
        Solo leader = Leader(log: [1, 1, 1], term: 3);
        LogIndex match = leader.Core.CommitIndex;
        leader.Propose(2);
        leader.Persist();
        leader.Receive(Ack(Two, leader.Core));
        leader.Forget();

        leader.Pass(Heartbeats);

        Assert.Equal(leader.Core.CommitIndex, leader.The(MessageKind.Heartbeat, Two).Commit);
        Assert.Equal(match, leader.The(MessageKind.Heartbeat, Three).Commit);
    }

    [Fact] // §3.8
    public void Entries_are_acknowledged_only_once_they_are_durable()
    {
        Solo node = Following(log: [1], term: 3);

        node.Receive(Append(Two, 3, 1, 1, count: 2));

        Assert.Equal(1UL, node.AcknowledgedTo(Two));
        node.Persist();
        Assert.Equal(3UL, node.AcknowledgedTo(Two));
    }

    [Fact] // §3.5: an unverified tail must not count towards a commit
    public void Only_what_was_verified_is_acknowledged_however_long_the_log()
    {
        Solo node = Following(log: [1, 2, 2, 2, 2], term: 3);

        node.Receive(Append(Two, 3, 2, 3));

        Assert.Equal(3UL, node.The(MessageKind.AppendEntriesReply).Last.Value);
    }

    [Fact] // §3.8: a crash may keep the later write and lose the earlier
    public void Receipts_out_of_order_count_once_the_gap_is_closed()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 1));
        node.Receive(Append(Two, 3, 3, 2, count: 1));

        node.Persist(node.Orders[1]);
        Assert.Equal((1UL, 1UL), (node.Core.DurableIndex.Value, node.AcknowledgedTo(Two)));

        node.Persist(node.Orders[0]);
        Assert.Equal((3UL, 3UL), (node.Core.DurableIndex.Value, node.AcknowledgedTo(Two)));
    }

    [Fact] // §3.8: the entries of that receipt are to be taken away again
    public void A_receipt_for_a_suffix_that_is_truncated_meanwhile_counts_for_nothing()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 3));
        node.Receive(Append(Three, 4, 1, 1, count: 3));

        node.Persist(node.Orders[0]);
        Assert.Equal((1UL, 1UL), (node.Core.DurableIndex.Value, node.AcknowledgedTo(Two)));

        node.Persist();
        Assert.Equal((4UL, 4UL), (node.Core.DurableIndex.Value, node.AcknowledgedTo(Three)));
    }

    [Fact] // §3.8: before the truncation is even ordered
    public void A_receipt_counts_no_further_than_a_truncation_that_is_still_to_be_ordered()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 3));
        PersistOrder order = node.Orders[0];

        node.Feed(Append(Three, 4, 3, 2, count: 5));
        node.Core.Persisted(order.Receipt, node.Now);

        Assert.Equal(2UL, node.Core.DurableIndex.Value);
    }

    [Fact] // §3.6.3 leader completeness: what is committed is in every leader's log
    public void What_is_committed_is_never_truncated()
    {
        Solo node = Following(log: [1, 2, 2], term: 3, commit: 3);

        Assert.Equal(StepOutcome.ContradictsCommitted, node.Receive(Append(Two, 3, 1, 1, count: 1)));
        Assert.Equal(StepOutcome.ContradictsCommitted, node.Receive(Append(Two, 3, 3, 3, count: 1)));

        Assert.Equal([1, 2, 2], node.Terms());
    }

    [Fact] // §3.7: a restarted server's earlier answers are no answers of its new life
    public void An_answer_from_an_earlier_life_of_a_follower_is_dropped()
    {
        Solo leader = Leader();
        leader.Receive(Ack(Two, leader.Core) with { FromIncarnation = new Incarnation(5) });
        LogIndex proposed = leader.Propose().Last.Index;
        leader.Persist();

        Assert.Equal(StepOutcome.OtherIncarnation, leader.Receive(Ack(Two, leader.Core)));

        Assert.True(leader.Core.CommitIndex < proposed);
    }

    [Fact] // §3.7
    public void A_message_to_an_earlier_life_of_ours_is_not_acted_upon()
    {
        Solo node = Following(log: [1], term: 3);

        Assert.Equal(
            StepOutcome.OtherIncarnation,
            node.Receive(Append(Two, 3, 1, 1, count: 2) with { ToIncarnation = new Incarnation(6) }));

        Assert.Equal([1], node.Terms());
        Assert.Equal(MessageReason.OtherIncarnation, node.The(MessageKind.AppendEntriesReply).Reason);
    }

    [Fact] // §3.8 read the other way round: who loses what it promised is counted no more
    public void A_follower_that_lost_what_it_acknowledged_counts_for_nothing()
    {
        Solo leader = Leader(log: [1, 1, 1], term: 3);
        leader.Core.ReportUnreachable(Two, leader.Now);
        leader.Pass(Heartbeats);
        leader.AnswerHeartbeats();
        Message probe = leader.The(MessageKind.AppendEntries, Two);

        Assert.Equal(StepOutcome.LostAcknowledged, leader.Receive(RefuseAppend(probe, hintTerm: 1, hint: 1)));

        LogIndex proposed = leader.Propose().Last.Index;
        leader.Persist();
        Assert.Equal(StepOutcome.LostAcknowledged, leader.Receive(Ack(Two, leader.Core)));
        Assert.True(leader.Core.CommitIndex < proposed);
    }

    [Fact] // §3.5, §3.8: alone, but not without a disk
    public void A_single_voter_commits_alone_and_only_what_is_durable()
    {
        Solo leader = Leader(members: Membership.Of(1));
        LogIndex before = leader.Core.CommitIndex;

        LogIndex proposed = leader.Propose().Last.Index;
        Assert.Equal(before, leader.Core.CommitIndex);

        leader.Persist();
        Assert.Equal(proposed, leader.Core.CommitIndex);
    }

    [Fact] // Persisted promises false for a receipt that fits no outstanding order; a host may repeat one
    public void A_receipt_that_comes_a_second_time_later_is_refused()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 1));
        PersistOrder first = node.Orders[0];
        node.Persist();
        node.Receive(Append(Two, 3, 3, 2, count: 1));
        node.Persist();

        Assert.False(node.Core.Persisted(first.Receipt, node.Now));
    }
}
