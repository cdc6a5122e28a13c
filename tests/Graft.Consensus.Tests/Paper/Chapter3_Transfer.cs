using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>Thesis §3.10: leadership transfer.</summary>
public sealed class Chapter3_Transfer
{
    [Fact] // §3.10, step 2: the target's log is made equal first
    public void The_target_is_told_to_stand_only_when_its_log_equals_ours()
    {
        Solo leader = Leader();
        LogIndex last = leader.Propose().Last.Index;

        Assert.Equal(TransferRefusal.None, leader.Transfer(Two));
        Assert.Empty(leader.All(MessageKind.TimeoutNow));

        leader.Receive(Ack(Three, leader.Core));
        Assert.Empty(leader.All(MessageKind.TimeoutNow));

        leader.Receive(Ack(Two, leader.Core));
        Assert.Equal(last, leader.The(MessageKind.TimeoutNow, Two).Last);
    }

    [Fact] // §3.10, step 1
    public void No_write_and_no_change_is_taken_while_leadership_is_handed_over()
    {
        Solo leader = Leader();
        leader.Transfer(Two);

        Assert.Equal(ProposalRefusal.TransferInProgress, leader.Propose().Refusal);
        Assert.Equal(MembershipRefusal.TransferInProgress, leader.Change(MembershipChange.None.Add(Four)).Refusal);
        Assert.Equal(TransferRefusal.InProgress, leader.Transfer(Three));
    }

    [Fact] // §3.10: a lost message costs a heartbeat
    public void The_call_to_stand_is_repeated_with_each_heartbeat()
    {
        Solo leader = Leader();
        leader.Transfer(Two);

        leader.Pass(Heartbeats);
        leader.Pass(Heartbeats);

        Assert.Equal(3, leader.All(MessageKind.TimeoutNow, Two).Length);
    }

    [Fact] // §3.10: after about an election timeout the leader takes requests again
    public void A_transfer_that_comes_to_nothing_ends_and_writes_go_on()
    {
        Solo leader = Leader();
        leader.Transfer(Two);

        for (int i = 0; i < 10; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats();
        }

        Assert.Equal([new TransferResult(Two, TransferOutcome.TimedOut)], leader.Transfers);
        Assert.True(leader.Propose().IsAppended);
    }

    [Fact] // §3.10: whoever asked is told, and there is room for one end between two Readies
    public void A_transfer_is_refused_while_the_end_of_the_last_one_has_not_been_told()
    {
        Solo leader = Leader(term: 3);
        leader.Transfer(Two);
        for (int i = 0; i < 9; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats();
        }

        leader.Tick(Heartbeats);
        Assert.Equal(TransferRefusal.InProgress, leader.Core.TransferLeadership(Three, T, leader.Now));
        leader.Feed(RequestVote(Three, 5, 4, leader.Core.Log.Last.Index.Value, MessageFlags.Transfer));
        leader.Take();
        leader.Pass(T);

        Assert.Equal([new TransferResult(Two, TransferOutcome.TimedOut)], leader.Transfers);
    }

    [Fact] // §3.10
    public void A_transfer_whose_predecessor_has_been_told_of_has_an_end_of_its_own()
    {
        Solo leader = Leader(term: 3);
        leader.Transfer(Two);
        for (int i = 0; i < 10; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats();
        }

        Assert.Equal(TransferRefusal.None, leader.Transfer(Three));
        leader.Receive(RequestVote(Three, 5, 4, leader.Core.Log.Last.Index.Value, MessageFlags.Transfer));
        leader.Receive(Heartbeat(Three, 5));

        Assert.Equal(
            [new TransferResult(Two, TransferOutcome.TimedOut), new TransferResult(Three, TransferOutcome.Succeeded)], leader.Transfers);
    }

    [Theory] // §3.10: whoever asked is told
    [InlineData(2UL, TransferOutcome.Succeeded)]
    [InlineData(3UL, TransferOutcome.AnotherLeads)]
    public void Who_leads_next_is_the_outcome(ulong next, TransferOutcome outcome)
    {
        Solo leader = Leader(term: 3);
        leader.Transfer(Two);

        leader.Receive(RequestVote(new NodeId(next), 5, 4, leader.Core.Log.Last.Index.Value, MessageFlags.Transfer));
        Assert.Empty(leader.Transfers);
        leader.Receive(Heartbeat(new NodeId(next), 5));

        Assert.Equal([new TransferResult(Two, outcome)], leader.Transfers);
    }

    [Fact] // §3.10
    public void A_transfer_after_which_nobody_is_heard_has_an_outcome_too()
    {
        Solo leader = Leader(term: 3);
        leader.Transfer(Two);

        leader.Receive(RequestVote(Two, 5, 4, leader.Core.Log.Last.Index.Value, MessageFlags.Transfer));
        leader.Pass(T);

        Assert.Equal([new TransferResult(Two, TransferOutcome.NobodyLeads)], leader.Transfers);
    }

    [Fact] // §3.10, step 3: at once, without asking first, and saying why
    public void Who_is_told_to_stand_stands_without_a_pre_vote()
    {
        Solo node = Following(log: [1, 1], term: 3);

        node.Receive(TimeoutNow(Two, 3, last: 2));
        node.Persist();

        Assert.Equal((Role.Candidate, new Term(4)), (node.Core.Role, node.Core.Term));
        Assert.Empty(node.All(MessageKind.PreVote));
        Assert.All(node.All(MessageKind.RequestVote), request => Assert.True(request.IsTransfer));
    }

    [Theory] // §3.10: the leader has gone on, or its log was never ours
    [InlineData(1)]
    [InlineData(3)]
    public void A_call_to_stand_that_does_not_fit_our_log_is_old(ulong last)
    {
        Solo node = Following(log: [1, 1], term: 3);

        Assert.Equal(StepOutcome.Stale, node.Receive(TimeoutNow(Two, 3, last)));

        Assert.Equal((Role.Follower, new Term(3)), (node.Core.Role, node.Core.Term));
    }

    [Fact] // §3.10
    public void A_call_to_stand_from_an_earlier_term_is_old()
    {
        Solo node = Following(log: [1, 1], term: 3);

        Assert.Equal(StepOutcome.Stale, node.Receive(TimeoutNow(Three, 2, last: 2)));

        Assert.Equal(Role.Follower, node.Core.Role);
    }

    [Fact] // §3.8: it stands on what survives a crash
    public void Who_is_told_to_stand_waits_for_its_own_disk()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 1));

        node.Receive(TimeoutNow(Two, 3, last: 2));
        Assert.Equal(Role.Follower, node.Core.Role);

        node.Persist(node.Orders[0]);
        Assert.Equal(Role.Candidate, node.Core.Role);
    }

    [Fact] // §3.10: an append after the call shows that the leader has gone on
    public void A_call_to_stand_is_forgotten_when_the_leader_goes_on()
    {
        Solo node = Following(log: [1], term: 3);
        node.Receive(Append(Two, 3, 1, 1, count: 1));
        node.Receive(TimeoutNow(Two, 3, last: 2));

        node.Receive(Append(Two, 3, 3, 2, count: 1));
        node.Persist();

        Assert.Equal(Role.Follower, node.Core.Role);
    }

    [Fact] // §3.10, §4.2.3: the leader itself has asked for it
    public void A_transfer_is_no_disruption_and_is_voted_for_although_a_leader_lives()
    {
        Solo node = Following(log: [1, 1], term: 3);

        node.Receive(RequestVote(Three, 4, 1, 2, MessageFlags.Transfer));
        node.Persist();

        Assert.True(node.The(MessageKind.RequestVoteReply).IsGranted);
    }

    [Fact] // §3.10: by default to whoever is furthest
    public void Without_a_name_leadership_goes_to_the_voter_that_is_furthest()
    {
        Solo leader = Leader(members: FiveVoters);
        leader.Propose(2);
        leader.Receive(Ack(Three, leader.Core));

        Assert.Equal(TransferRefusal.None, leader.Transfer(null));

        Assert.Equal(Three, leader.Core.Status(leader.Now).TransferTarget);
    }

    [Fact] // §3.10: whoever can't lead isn't handed the lead
    public void Only_another_voter_that_stores_payloads_can_be_handed_the_lead()
    {
        Solo leader = Leader(members: Membership.Of((Member[])
            [new(Self, MemberRole.Voter), new(Two, MemberRole.Voter), new(Three, MemberRole.Voter, IsWitness: true), new(Four, MemberRole.Learner)]));

        Assert.Equal(TransferRefusal.AlreadyLeader, leader.Transfer(Self));
        Assert.Equal(TransferRefusal.NotEligible, leader.Transfer(Three));
        Assert.Equal(TransferRefusal.NotEligible, leader.Transfer(Four));
        Assert.Equal(TransferRefusal.NotEligible, leader.Transfer(Five));
        Assert.Equal(TransferRefusal.NotLeader, Following().Transfer(Two));
        Assert.Equal(TransferRefusal.NobodyEligible, Leader(members: Membership.Of(1)).Transfer(null));
    }
}
