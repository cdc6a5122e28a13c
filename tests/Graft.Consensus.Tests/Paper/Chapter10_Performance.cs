using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>Thesis §10.2.1 (writing to the leader's disk in parallel), §10.2.2 (batching and pipelining).</summary>
public sealed class Chapter10_Performance
{
    [Fact] // §10.2.1
    public void A_leader_sends_its_entries_while_it_writes_them()
    {
        Solo leader = Leader();

        LogIndex last = leader.Propose().Last.Index;

        Assert.Equal(last, leader.The(MessageKind.AppendEntries, Two).Last);
        Assert.Equal(last, Assert.Single(leader.Orders).Last.Index);
    }

    [Fact] // §10.2.1: it counts itself once its write is durable
    public void A_leader_counts_its_own_copy_only_once_it_is_durable()
    {
        Solo leader = Leader();
        LogIndex proposed = leader.Propose().Last.Index;

        leader.Receive(Ack(Two, leader.Core));
        Assert.True(leader.Core.CommitIndex < proposed);

        leader.Persist();
        Assert.Equal(proposed, leader.Core.CommitIndex);
    }

    [Fact] // §10.2.1: it may even commit before its own write is durable
    public void A_leader_may_commit_on_its_followers_disks_alone()
    {
        Solo leader = Leader();
        LogIndex proposed = leader.Propose().Last.Index;

        leader.Receive(Ack(Two, leader.Core));
        leader.Receive(Ack(Three, leader.Core));

        Assert.Equal(proposed, leader.Core.CommitIndex);
        Assert.True(leader.Core.DurableIndex < proposed);
    }

    [Fact] // §10.2.1, §3.8
    public void A_leaders_receipts_out_of_order_count_once_the_gap_is_closed()
    {
        Solo leader = Leader();
        leader.Propose();
        LogIndex second = leader.Propose().Last.Index;
        leader.Receive(Ack(Two, leader.Core));

        leader.Persist(leader.Orders[1]);
        Assert.True(leader.Core.CommitIndex < second.Previous);

        leader.Persist(leader.Orders[0]);
        Assert.Equal(second, leader.Core.CommitIndex);
    }

    [Fact] // §10.2.2: batching
    public void What_is_proposed_together_goes_in_one_append_and_one_order()
    {
        Solo leader = Leader();
        for (int i = 0; i < 10; i++)
        {
            leader.Core.Propose([5, 5], leader.Now);
        }

        leader.Take();

        Assert.Equal((20UL, 100L), (leader.The(MessageKind.AppendEntries, Two).EntryCount, leader.The(MessageKind.AppendEntries, Two).Bytes));
        Assert.Single(leader.Orders);
    }

    [Fact] // §10.2.2: pipelining
    public void The_next_append_does_not_wait_for_the_answer_to_the_last()
    {
        Solo leader = Leader();
        leader.Propose();
        leader.Propose();
        leader.Propose();

        Message[] appends = leader.All(MessageKind.AppendEntries, Two);
        Assert.Equal(3, appends.Length);
        Assert.Equal(appends[0].Last, appends[1].Previous.Index);
        Assert.Equal(appends[1].Last, appends[2].Previous.Index);
    }

    [Fact] // §10.2.2: within limits, and an answer makes room
    public void A_full_window_sends_nothing_until_an_answer_comes()
    {
        Solo leader = Leader(options: Limited(window: 4));
        for (int i = 0; i < 10; i++)
        {
            leader.Propose();
        }

        Message[] appends = leader.All(MessageKind.AppendEntries, Two);
        Assert.Equal(4, appends.Length);
        leader.Forget();

        leader.Receive(Ack(Two, leader.Core, last: appends[0].Last.Value));
        Assert.Equal(6UL, leader.The(MessageKind.AppendEntries, Two).EntryCount);
    }

    [Fact] // §10.2.2: until it is known where the logs agree, there is nothing to pipeline
    public void A_follower_whose_log_is_not_known_is_sent_one_append_at_a_time()
    {
        Solo leader = Elected();
        leader.Propose();
        leader.Propose();
        Assert.Single(leader.All(MessageKind.AppendEntries, Two));

        leader.Receive(Ack(Two, leader.Core, last: 2));
        Assert.Equal(3UL, leader.All(MessageKind.AppendEntries, Two)[1].Last.Value - 1);
    }

    [Fact] // §10.2.2: a lost probe costs a heartbeat
    public void A_lost_probe_is_sent_again_once_the_follower_answers_a_later_round()
    {
        Solo leader = Elected();
        leader.Forget();
        leader.Pass(Heartbeats);

        leader.AnswerHeartbeats(Two);

        Assert.Single(leader.All(MessageKind.AppendEntries, Two));
        Assert.Empty(leader.All(MessageKind.AppendEntries, Three));
    }

    [Fact] // §10.2.2: appends that got lost on the way are found out about
    public void Replication_that_stands_still_is_begun_anew_although_heartbeats_are_answered()
    {
        Solo leader = Leader();
        leader.Propose();
        leader.Forget();
        for (int i = 0; i < 12; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats();
        }

        Assert.NotEmpty(leader.All(MessageKind.AppendEntries, Two));
    }

    [Fact] // one term per message
    public void A_range_has_one_term_and_ends_at_a_configuration()
    {
        Solo leader = Elected(log: [1, 1, 2, 2], term: 3);
        leader.Receive(RefuseAppend(leader.The(MessageKind.AppendEntries, Two), hintTerm: 1, hint: 1));

        Message append = leader.All(MessageKind.AppendEntries, Two)[^1];
        Assert.Equal((1UL, 2UL, new Term(1)), (append.Previous.Index.Value, append.Last.Value, append.EntriesTerm));

        CommitAll(leader);
        leader.Forget();
        leader.Core.Propose([1], leader.Now);
        MembershipProposal change = leader.Core.ProposeMembership(MembershipChange.None.AddLearner(Four), leader.Core.MembershipIndex, leader.Now);
        leader.Core.Propose([1], leader.Now);
        leader.Take();
        Message[] appends = leader.All(MessageKind.AppendEntries, Three);
        Assert.Equal([change.Entry.Index, change.Entry.Index.Next], appends.Select(message => message.Last));
        Assert.Equal([true, false], appends.Select(message => message.Membership is not null));
    }

    [Fact] // a follower without traffic hears of a commit before the next heartbeat
    public void A_commit_that_no_append_carries_is_told_by_itself()
    {
        Solo leader = Leader();
        LogIndex proposed = leader.Propose().Last.Index;
        leader.Persist();
        leader.Receive(Ack(Two, leader.Core));
        leader.Forget();

        leader.Pass(leader.Core.NextDeadline - leader.Now);

        Assert.Equal((proposed, 0UL), (leader.The(MessageKind.Heartbeat, Two).Commit, leader.The(MessageKind.Heartbeat, Two).Round));
    }

    [Fact] // what a leader that is cut off piles up is bounded
    public void A_leader_that_cannot_commit_takes_no_more_than_its_limit()
    {
        Solo leader = Leader(options: Limited(uncommitted: 3));
        Assert.True(leader.Propose(3).IsAppended);

        Assert.Equal(ProposalRefusal.Overloaded, leader.Propose().Refusal);

        leader.Persist();
        leader.Receive(Ack(Two, leader.Core));
        Assert.True(leader.Propose().IsAppended);
    }

    [Fact] // it could never be sent
    public void An_entry_above_the_largest_is_refused()
    {
        Solo leader = Leader(options: Limited());

        Assert.Equal(ProposalRefusal.EntryTooLarge, leader.Core.Propose([1, 101], leader.Now).Refusal);
        Assert.Equal(ProposalRefusal.None, leader.Core.Propose([1, 100], leader.Now).Refusal);
    }

    [Fact] // architecture §3.2: only the host knows the sizes of old entries
    public void A_range_of_unknown_size_is_clipped_by_the_host_and_the_next_follows_its_report()
    {
        Solo leader = Elected(log: [1, 1, 1, 1, 1], term: 3);
        leader.Receive(RefuseAppend(leader.The(MessageKind.AppendEntries, Two), hintTerm: 1, hint: 1));
        leader.Receive(Ack(Two, leader.Core, last: 1));
        Message old = leader.All(MessageKind.AppendEntries, Two)[^1];
        Assert.Equal((true, 1UL, 5UL), (old.HostClips, old.Previous.Index.Value, old.Last.Value));
        leader.Forget();

        leader.Core.ReportSent(Two, old.Sequence, new LogIndex(3), 10, leader.Now);
        leader.Take();

        Assert.Equal(3UL, leader.The(MessageKind.AppendEntries, Two).Previous.Index.Value);
    }

    [Fact] // its heartbeats would go on and nobody would notice
    public void A_leader_whose_disk_stands_still_hands_over()
    {
        Solo leader = Leader(members: FiveVoters);
        leader.Propose();
        leader.Receive(Ack(Two, leader.Core));

        for (int i = 0; i < 21; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats();
        }

        Assert.All(leader.All(MessageKind.TimeoutNow), call => Assert.Equal(Two, call.To));
        Assert.NotEmpty(leader.All(MessageKind.TimeoutNow));
    }

    [Fact] // a disk that failed once is believed no more
    public void After_a_storage_failure_a_core_hands_over_and_falls_silent()
    {
        Solo leader = Leader();
        leader.Core.StorageFailed(leader.Now);
        leader.Take();
        Assert.Single(leader.All(MessageKind.TimeoutNow));
        leader.Forget();

        Assert.Equal(StepOutcome.Stopped, leader.Receive(RequestVote(Two, 9, 8, 99)));
        leader.Pass(T * 3);

        Assert.Empty(leader.Sent);
        Assert.Equal(ProposalRefusal.Stopped, leader.Propose().Refusal);
    }

    private static void CommitAll(Solo leader)
    {
        leader.Persist();
        leader.Receive(Ack(Two, leader.Core));
        leader.Receive(Ack(Three, leader.Core));
    }

    private static RaftOptions Limited(int window = 64, int uncommitted = 1000)
    {
        RaftOptions ordinary = Options();
        return new RaftOptions
        {
            Cluster = ordinary.Cluster,
            Node = ordinary.Node,
            Incarnation = ordinary.Incarnation,
            Seed = ordinary.Seed,
            ElectionTimeout = ordinary.ElectionTimeout,
            WindowMessagesMax = window,
            UncommittedEntriesMax = uncommitted,
            EntryBytesMax = 100,
        };
    }
}
