using static Graft.Consensus.Tests.Paper.Solo;

namespace Graft.Consensus.Tests.Paper;

/// <summary>Thesis §6.2 (routing: a leader without a quorum), §6.4 (read-only queries), §6.4.1 (leases).</summary>
public sealed class Chapter6_Clients
{
    private static readonly TimeSpan Lease = new(T.Ticks * 990 / 1010);

    [Fact] // §6.2
    public void A_leader_that_hears_no_quorum_for_an_election_timeout_steps_down()
    {
        Solo leader = Leader(members: FiveVoters);
        Instant heard = leader.Now;
        for (int i = 0; i < 20 && leader.Core.Role == Role.Leader; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats(Two);
        }

        Assert.Equal(Role.Follower, leader.Core.Role);
        Assert.InRange((leader.Now - heard).Ticks, T.Ticks, (T + Heartbeats).Ticks);
        Assert.Equal(new Term(4), leader.Core.Term);
    }

    [Fact] // §6.2
    public void A_leader_that_hears_a_quorum_stays()
    {
        Solo leader = Leader(members: FiveVoters);
        for (int i = 0; i < 40; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats(Two, Three);
        }

        Assert.Equal(Role.Leader, leader.Core.Role);
    }

    [Fact] // §6.2, §4.2.1
    public void Learners_keep_no_leader_in_office()
    {
        Solo leader = Leader(members: Membership.Of((Member[])
            [.. ThreeVoters.Members, new(Four, MemberRole.Learner), new(Five, MemberRole.Learner)]));
        for (int i = 0; i < 12; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats(Four, Five);
        }

        Assert.Equal(Role.Follower, leader.Core.Role);
    }

    [Fact] // §6.4, steps 2 and 3: the commit index when the read came, and a round after it
    public void A_read_is_confirmed_by_a_round_that_began_after_it()
    {
        Solo leader = Leader();
        leader.Pass(Heartbeats);
        Message earlier = leader.The(MessageKind.Heartbeat, Two);
        leader.Forget();

        leader.Read(1);
        leader.Receive(Answer(earlier));
        Assert.Empty(leader.Reads);

        leader.Receive(Answer(leader.The(MessageKind.Heartbeat, Two)));
        Assert.Equal([new ReadResult(new ReadId(1), ReadOutcome.Confirmed, leader.Core.CommitIndex, ReadLevel.Linearizable)], leader.Reads);
    }

    [Fact] // §6.4: a quorum, not somebody
    public void A_read_waits_for_a_quorum_of_answers()
    {
        Solo leader = Leader(members: FiveVoters);
        leader.Read(1);
        Message[] round = leader.All(MessageKind.Heartbeat);

        leader.Receive(Answer(round[0]));
        leader.Receive(Answer(round[0]));
        Assert.Empty(leader.Reads);

        leader.Receive(Answer(round[1]));
        Assert.Single(leader.Reads);
    }

    [Fact] // §6.4: an append that was accepted in the round is as good an answer
    public void An_acknowledgement_confirms_a_round_too()
    {
        Solo leader = Leader();
        leader.Read(1);
        ulong round = leader.The(MessageKind.Heartbeat, Two).Round;

        leader.Receive(Ack(Two, leader.Core, round: round - 1));
        Assert.Empty(leader.Reads);

        leader.Receive(Ack(Two, leader.Core, round: round));
        Assert.Single(leader.Reads);
    }

    [Fact] // §6.4, step 1: before that the leader may not know what is committed
    public void A_read_waits_until_an_entry_of_the_own_term_is_committed()
    {
        Solo leader = Elected(log: [1, 1], term: 3);
        leader.Persist();
        leader.Read(1);
        leader.Pass(Heartbeats);
        leader.AnswerHeartbeats();
        Assert.Empty(leader.Reads);

        leader.Receive(Ack(Two, leader.Core));
        leader.AnswerHeartbeats();

        Assert.Equal((ReadOutcome.Confirmed, 3UL), (leader.Reads[0].Outcome, leader.Reads[0].Index.Value));
    }

    [Fact] // §6.4: one round for all that have come meanwhile
    public void Reads_that_come_together_share_a_round()
    {
        Solo leader = Leader();
        for (ulong id = 1; id <= 5; id++)
        {
            leader.Core.Read(new ReadId(id), ReadLevel.Linearizable, T, leader.Now);
        }

        leader.Take();

        leader.Receive(Answer(leader.The(MessageKind.Heartbeat, Two)));
        Assert.Equal(5, leader.Reads.Count(read => read.Outcome == ReadOutcome.Confirmed));
    }

    [Fact] // §6.4: a cluster of one is its own quorum
    public void A_single_voter_confirms_its_reads_itself()
    {
        Solo leader = Leader(members: Membership.Of(1));

        leader.Read(1);

        Assert.Equal(ReadOutcome.Confirmed, Assert.Single(leader.Reads).Outcome);
    }

    [Fact] // §6.4: followers ask the leader for the read index
    public void A_follower_asks_once_for_all_reads_and_waits_for_the_answer()
    {
        Solo node = Following(log: [1, 3], term: 3);
        node.Core.Read(new ReadId(1), ReadLevel.Linearizable, T, node.Now);
        node.Core.Read(new ReadId(2), ReadLevel.Linearizable, T, node.Now);
        node.Take();
        Message question = node.The(MessageKind.ReadIndex, Two);
        Assert.Empty(node.Reads);

        node.Receive(Answer(question) with { Flags = MessageFlags.Granted, Last = new LogIndex(7), Commit = new LogIndex(7) });

        Assert.Equal([(1UL, 7UL), (2UL, 7UL)], node.Reads.Select(read => (read.Id.Value, read.Index.Value)));
        Assert.Equal(1UL, node.Core.CommitIndex.Value);
    }

    [Fact] // §6.4
    public void A_leader_answers_a_follower_after_a_round()
    {
        Solo leader = Leader();
        leader.Receive(Question(Three, sequence: 9));
        Assert.Empty(leader.All(MessageKind.ReadIndexReply));

        leader.Receive(Answer(leader.The(MessageKind.Heartbeat, Two)));

        Message reply = leader.The(MessageKind.ReadIndexReply, Three);
        Assert.Equal((true, leader.Core.CommitIndex, 9UL), (reply.IsGranted, reply.Last, reply.Sequence));
    }

    [Fact] // §6.4
    public void Who_does_not_lead_gives_no_read_index()
    {
        Solo node = Following(term: 3);

        node.Receive(Question(Three, sequence: 9) with { Term = new Term(3) });

        Assert.Equal((false, MessageReason.NotLeader), (node.The(MessageKind.ReadIndexReply).IsGranted, node.The(MessageKind.ReadIndexReply).Reason));
        Assert.Equal(StepOutcome.NotMember, Leader().Receive(Question(Five, sequence: 9)));
    }

    [Fact] // §6.4: the answer would be of a leadership that is over
    public void A_deposed_leader_refuses_the_reads_of_others_and_asks_again_for_its_own()
    {
        Solo leader = Leader(term: 3);
        leader.Read(1);
        leader.Receive(Question(Three, sequence: 9));

        leader.Receive(Heartbeat(Two, 5));
        leader.Persist();

        Assert.Equal(MessageReason.NotLeader, leader.The(MessageKind.ReadIndexReply, Three).Reason);
        Assert.Empty(leader.Reads);
        Assert.Equal(Two, leader.The(MessageKind.ReadIndex).To);
    }

    [Fact] // every read ends
    public void A_read_ends_at_its_deadline_with_what_was_missing()
    {
        Solo alone = Follower();
        alone.Read(1, timeout: T / 4);
        alone.Pass(T / 4);
        Assert.Equal(ReadOutcome.NoLeader, Assert.Single(alone.Reads).Outcome);

        Solo unanswered = Following();
        unanswered.Read(1, timeout: T / 4);
        unanswered.Pass(T / 4);
        Assert.Equal(ReadOutcome.TimedOut, Assert.Single(unanswered.Reads).Outcome);

        Solo leader = Leader();
        leader.Read(1, timeout: T / 10);
        leader.Pass(T / 10);
        Assert.Equal(ReadOutcome.TimedOut, Assert.Single(leader.Reads).Outcome);
    }

    [Fact] // every read ends
    public void A_question_that_was_lost_is_asked_again()
    {
        Solo node = Following();
        node.Read(1);
        node.Forget();
        for (int i = 0; i < 10; i++)
        {
            node.Pass(Heartbeats);
            node.Receive(Heartbeat(Two, 3));
        }

        Assert.NotEmpty(node.All(MessageKind.ReadIndex, Two));
    }

    [Fact] // every read ends
    public void A_core_that_stopped_or_is_full_says_so()
    {
        Solo stopped = Following();
        stopped.Read(1);
        stopped.Core.StorageFailed(stopped.Now);
        stopped.Read(2);
        Assert.Equal([ReadOutcome.Stopped, ReadOutcome.Stopped], stopped.Reads.Select(read => read.Outcome));

        Solo full = Leader();
        for (ulong id = 0; id < 4097; id++)
        {
            full.Core.Read(new ReadId(id), ReadLevel.Linearizable, T, full.Now);
        }

        full.Take();
        Assert.Equal((new ReadId(4096), ReadOutcome.Overloaded), (full.Reads[0].Id, full.Reads[0].Outcome));
    }

    [Fact] // §6.4.1: the lease runs from when the round was sent, and ends before the followers' promise does
    public void A_lease_runs_from_the_sending_and_is_shorter_than_the_promise_by_the_drift()
    {
        Solo leader = Leader();
        leader.Pass(Heartbeats);
        Instant sent = leader.Now;
        Message heartbeat = leader.The(MessageKind.Heartbeat, Two);
        leader.Pass(Heartbeats);
        leader.Pass(Heartbeats);

        leader.Receive(Answer(heartbeat));

        Assert.Equal(sent + Lease, leader.Core.Status(leader.Now).LeaseUntil);
        while (leader.Now + Heartbeats < sent + Lease)
        {
            leader.Pass(Heartbeats);
        }

        leader.Pass(sent + Lease - leader.Now);
        leader.Read(1, ReadLevel.Lease);
        Assert.Empty(leader.Reads);
        Assert.True(Lease * 1.010 <= T * 0.990 + TimeSpan.FromTicks(1));
    }

    [Fact] // §6.4.1
    public void A_lease_read_is_served_at_once_while_the_lease_holds_and_by_a_round_afterwards()
    {
        Solo leader = Leader();
        Instant until = leader.Core.Status(leader.Now).LeaseUntil!.Value;
        while (leader.Now + Heartbeats < until)
        {
            leader.Pass(Heartbeats);
        }

        leader.Pass(until - leader.Now - TimeSpan.FromTicks(1));
        leader.Read(1, ReadLevel.Lease);
        Assert.Equal((ReadOutcome.Confirmed, ReadLevel.Lease), (leader.Reads[0].Outcome, leader.Reads[0].Level));

        leader.Pass(TimeSpan.FromTicks(1));
        leader.Read(2, ReadLevel.Lease);
        Assert.Single(leader.Reads);

        leader.AnswerHeartbeats(Two);
        Assert.Equal((ReadOutcome.Confirmed, ReadLevel.Linearizable), (leader.Reads[1].Outcome, leader.Reads[1].Level));
    }

    [Fact] // §6.4.1: one answer of five is no lease
    public void A_lease_takes_a_quorum()
    {
        Solo leader = Leader(members: FiveVoters);
        leader.Pass(Heartbeats);
        Instant? before = leader.Core.Status(leader.Now).LeaseUntil;

        leader.AnswerHeartbeats(Two);
        Assert.Equal(before, leader.Core.Status(leader.Now).LeaseUntil);
    }

    [Fact] // §6.4 step 1 holds for a lease as well
    public void There_is_no_lease_before_an_entry_of_the_own_term_is_committed()
    {
        Solo leader = Elected();
        leader.Persist();
        leader.AnswerHeartbeats();

        leader.Read(1, ReadLevel.Lease);

        Assert.Null(leader.Core.Status(leader.Now).LeaseUntil);
        Assert.Empty(leader.Reads);
    }

    [Fact] // §6.4.1 with §3.10: the target's voters don't hold back, and the call may arrive at any later time
    public void A_lease_is_given_up_for_the_rest_of_the_term_when_somebody_is_told_to_stand()
    {
        Solo leader = Leader();
        leader.Transfer(Two);
        Assert.Null(leader.Core.Status(leader.Now).LeaseUntil);

        for (int i = 0; i < 11; i++)
        {
            leader.Pass(Heartbeats);
            leader.AnswerHeartbeats();
        }

        Assert.Single(leader.Transfers);
        Assert.Null(leader.Core.Status(leader.Now).LeaseUntil);
    }

    [Fact] // §6.4.1: nobody knows how long it was
    public void A_pause_voids_the_lease_until_a_round_after_it()
    {
        Solo leader = Leader();
        Assert.NotNull(leader.Core.Status(leader.Now).LeaseUntil);

        leader.Core.PauseDetected(leader.Now);
        Assert.Null(leader.Core.Status(leader.Now).LeaseUntil);

        leader.Pass(Heartbeats);
        leader.AnswerHeartbeats(Two);
        Assert.NotNull(leader.Core.Status(leader.Now).LeaseUntil);
    }

    [Fact] // §6.4.1
    public void Waking_up_far_too_late_is_a_pause()
    {
        Solo leader = Leader();
        TimeSpan tooLate = leader.Core.NextDeadline - leader.Now + (T / 4) + TimeSpan.FromTicks(1);

        leader.Pass(tooLate);

        Assert.Null(leader.Core.Status(leader.Now).LeaseUntil);
        Assert.Equal(Role.Leader, leader.Core.Role);
    }

    [Fact] // §6.4.1: a follower may ask for an answer under the lease
    public void A_follower_s_read_may_be_answered_under_the_lease_and_says_so()
    {
        Solo leader = Leader();

        leader.Receive(Question(Three, sequence: 9) with { Flags = MessageFlags.Lease });

        Message reply = leader.The(MessageKind.ReadIndexReply, Three);
        Assert.Equal((true, true), (reply.IsGranted, reply.TakesLease));
        Assert.Empty(leader.All(MessageKind.Heartbeat));
    }

    private static Message Question(NodeId from, ulong sequence) =>
        Heartbeat(from, 4) with { Kind = MessageKind.ReadIndex, Round = 0, Sequence = sequence };
}
