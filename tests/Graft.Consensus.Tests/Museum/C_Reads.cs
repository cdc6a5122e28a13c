using System.Numerics;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits C01 to C11: reads and leases.</summary>
public sealed class C_Reads
{
    [Fact] // C01: a read index was taken before the leader had committed in its own term (etcd#12680, redis-raft#18).
    public void A_read_waits_until_its_leader_has_committed_in_its_own_term()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver(message => message.To.Value == 2 || message.From.Value == 2);
        Assert.Equal(write.Last.Index, lab[1].Commit);
        Assert.True(lab[2].Commit < write.Last.Index);
        lab.Crash(1);
        lab.Hold(Lab.Of(MessageKind.AppendEntries));
        lab.Elect(2);

        ReadId read = lab.Read(2);
        lab.Deliver();
        Assert.Null(lab.ResultOf(read));
        lab.Release();
        lab.Deliver();

        Assert.Equal(ReadOutcome.Confirmed, lab.ResultOf(read)!.Value.Outcome);
        Assert.True(lab.ResultOf(read)!.Value.Index >= write.Last.Index);
    }

    [Fact] // C02: delayed answers to an older round confirmed a later read (etcd-io/raft#397, etcd#20418).
    public void An_answer_confirms_no_read_that_began_after_its_question()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Read(1);
        lab.Hold(Lab.Of(MessageKind.HeartbeatReply));
        lab.Deliver();

        lab.Isolate(1);
        lab.Elect(2);
        Proposal write = lab.Propose(2, payload: 2);
        lab.Deliver();
        Assert.True(lab[2].Commit >= write.Last.Index);
        ReadId late = lab.Read(1);
        lab.Release();
        lab.Deliver();

        Assert.Null(lab.ResultOf(late));
    }

    [Fact] // C03: a lease was counted from the answer, or from any reply (d-engine#381).
    public void A_lease_counts_from_when_the_answered_round_was_sent()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(110));
        lab.Hold(Lab.To(1));
        int before = lab.CountSent(MessageKind.Heartbeat, from: 1);
        Assert.True(lab.RunUntil(() => lab.CountSent(MessageKind.Heartbeat, from: 1) > before, Lab.T));
        Instant asked = lab.Now;
        lab.Run(Lab.Ms(2));
        lab.Isolate(1);

        lab.Run(asked + Lab.Ms(485) - lab.Now);
        lab.Release();
        lab.Deliver();
        ReadId early = lab.Read(1, ReadLevel.Lease);
        lab.Run(asked + Lab.Ms(491) - lab.Now);
        ReadId read = lab.Read(1, ReadLevel.Lease);

        Assert.Equal(ReadLevel.Lease, lab.ResultOf(early)!.Value.Level);
        Assert.Null(lab.ResultOf(read));
    }

    [Theory] // C04: a read was confirmed by one less than a majority (openraft d60f1e85).
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void A_read_is_confirmed_by_a_majority_and_by_no_less(int size)
    {
        ulong[] ids = [.. Enumerable.Range(1, size).Select(id => (ulong)id)];
        for (uint answering = 1; answering < 1u << size; answering += 2)
        {
            var lab = new Lab(ids);
            lab.Elect(1);
            lab.Hold(message => message.From.Value != 1 && (answering >> (int)(message.From.Value - 1) & 1) == 0);

            ReadId read = lab.Read(1);
            lab.Deliver();

            Assert.Equal(BitOperations.PopCount(answering) > size / 2, lab.ResultOf(read) is { Outcome: ReadOutcome.Confirmed });
        }
    }

    [Theory] // C05: a read was served at a weaker level than it said (rqlite#1944, #2361).
    [InlineData(1)]
    [InlineData(2)]
    public void A_lease_read_without_a_lease_is_confirmed_by_a_round_and_says_so(ulong reader)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(200));
        ReadId leased = lab.Read(reader, ReadLevel.Lease);
        lab.Run(Lab.Ms(20));
        Assert.Equal(ReadLevel.Lease, lab.ResultOf(leased)!.Value.Level);

        lab[1].Core.PauseDetected(lab.Now);
        ReadId read = lab.Read(reader, ReadLevel.Lease);
        lab.Deliver();
        lab.Run(Lab.Ms(20));

        Assert.Equal(ReadLevel.Linearizable, lab.ResultOf(read)!.Value.Level);
    }

    [Theory] // C05, C06: jraft#34's timeline, with clocks that drift as far as they may.
    [InlineData(ReadLevel.Lease)]
    [InlineData(ReadLevel.Linearizable)]
    public void A_cut_off_leader_confirms_no_read_once_another_may_lead(ReadLevel level)
    {
        var lab = new Lab(1, 2, 3);
        lab[1].Clock.SetRate(990, lab.Now);
        lab[2].Clock.SetRate(1010, lab.Now);
        lab[3].Clock.SetRate(1010, lab.Now);
        lab.Elect(1);
        lab.Run(Lab.T);
        lab.Isolate(1);
        bool isReplaced = false;
        for (int step = 0; step < 1000 && !(isReplaced && lab[1].Role != Role.Leader); step++)
        {
            ReadId read = lab.Read(1, level);
            Assert.False(isReplaced && lab.ResultOf(read) is { Outcome: ReadOutcome.Confirmed });

            // The others could elect from the moment on at which one of them grants what the other asks all the time.
            lab.Inject(lab.VoteRequest(from: 2, to: 3, lab[3].Term.Value + 1) with { Kind = MessageKind.PreVote });
            isReplaced |= lab.LastSent(MessageKind.PreVoteReply, from: 3).IsGranted;
            lab.Run(Lab.Ms(1));
        }

        Assert.True(isReplaced);
    }

    [Fact] // C06: the lease was checked by a timer, and a pause between check and answer went unseen.
    public void A_pause_ends_every_lease_from_before_it()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);
        lab.Pause(1);
        lab.Run(Lab.T * 3);
        Assert.NotEqual(lab[1], lab.Leader);

        lab.Hold(Lab.To(1));
        lab.Resume(1);
        ReadId read = lab.Read(1, ReadLevel.Lease);

        Assert.Null(lab.ResultOf(read));
    }

    [Fact] // C07: a lease outlived the transfer that let another win at once (etcd#12704, tikv#1593).
    public void Who_has_told_another_to_stand_serves_no_lease_read()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);
        lab.Hold(Lab.To(1));
        lab.Transfer(1, 2);
        lab.Deliver();
        Assert.Equal(Role.Leader, lab[2].Role);
        Assert.Equal(Role.Leader, lab[1].Role);
        lab.Propose(2, payload: 2);
        lab.Deliver();

        ReadId read = lab.Read(1, ReadLevel.Lease);
        lab.Deliver();

        Assert.Null(lab.ResultOf(read));
    }

    [Theory] // C07: the message that makes the other stand may come at any later time (raft-rs#234, openraft#1747).
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(20)]
    public void A_lease_given_up_for_a_transfer_is_not_taken_up_again_in_that_term(int timeouts)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);
        lab.Hold(Lab.Of(MessageKind.TimeoutNow));
        lab.Transfer(1, 2);
        lab.Run(Lab.T * timeouts);
        Assert.Equal((Role.Leader, new Term(2)), (lab[1].Role, lab[1].Term));

        ReadId read = lab.Read(1, ReadLevel.Lease);
        lab.Run(Lab.Ms(20));
        Assert.Equal(ReadLevel.Linearizable, lab.ResultOf(read)!.Value.Level);
        lab.Hold(Lab.To(1));
        lab.Release(Lab.Of(MessageKind.TimeoutNow));
        lab.Deliver();
        read = lab.Read(1, ReadLevel.Lease);
        lab.Deliver();

        Assert.Null(lab.ResultOf(read));
    }

    [Theory] // C08: a supporter that restarted had forgotten its promise not to vote (cockroach#141637).
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(400)]
    public void A_restarted_follower_votes_for_nobody_while_its_leader_may_hold_a_lease(int after)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);
        lab.Isolate(3);
        lab.Skip(Lab.Ms(after));

        lab.Crash(2);
        lab.Restart(2);
        lab.Skip(Lab.T - Lab.Ms(5));
        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 3));
        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 3) with { Kind = MessageKind.PreVote });

        Assert.DoesNotContain(lab.Log, message => message.From.Value == 2 && message.To.Value == 3 && message.IsGranted);
    }

    [Fact] // C08: the holder restarted and went on with the lease of its earlier life.
    public void A_restarted_leader_has_no_lease()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);

        lab.Crash(1);
        lab.Restart(1);
        ReadId read = lab.Read(1, ReadLevel.Lease, timeout: Lab.Ms(50));
        lab.Run(Lab.Ms(60));

        Assert.Equal(ReadOutcome.NoLeader, lab.ResultOf(read)!.Value.Outcome);
    }

    [Fact] // C10: a fresh leader served reads from a state that had not applied its log (dqlite#258).
    public void A_confirmed_read_names_the_index_that_its_state_must_reach()
    {
        var lab = new Lab(1, 2, 3);
        lab.HoldApply(2, held: true);
        lab.Elect(1);
        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();
        lab.Crash(1);
        lab.Elect(2);

        ReadId read = lab.Read(2);
        lab.Deliver();
        Assert.Null(lab.ResultOf(read));
        lab.HoldApply(2, held: false);

        Assert.True(lab.ResultOf(read)!.Value.Index >= write.Last.Index);
    }

    [Fact] // C10: nor is a read confirmed by nobody.
    public void A_leader_alone_confirms_nothing()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(1);

        ReadId read = lab.Read(1);
        lab.Deliver();

        Assert.Null(lab.ResultOf(read));
    }

    [Fact] // C11: reads were lost at a change of leader, or kept for ever (etcd#9566, RATIS-2044).
    public void Every_read_ends_and_none_is_kept()
    {
        var lab = new Lab(1, 2, 3);
        var reads = new List<ReadId>();
        for (int change = 0; change < 60; change++)
        {
            ulong next = (ulong)(change % 3) + 1;
            for (ulong reader = 1; reader <= 3; reader++)
            {
                reads.Add(lab.Read(reader, change % 2 == 0 ? ReadLevel.Lease : ReadLevel.Linearizable, timeout: Lab.T * 2));
            }

            if (change % 4 == 3)
            {
                lab.Isolate(next);
            }

            lab.TimeOut(next);
            lab.Run(Lab.T / 3);
            lab.Heal();
        }

        lab.Run(Lab.T * 5);

        Assert.All(reads, read => Assert.NotNull(lab.ResultOf(read)));
        Assert.All(lab.Nodes, node => Assert.Equal(0, node.Core.Status(lab.Now).ReadsPending));
    }

    [Fact] // C11: without a leader the deadline is all there is.
    public void A_read_that_nobody_answers_ends_at_its_deadline()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(1);

        ReadId read = lab.Read(1, timeout: Lab.T / 2);
        lab.Run(Lab.T / 2);

        Assert.Equal(ReadOutcome.TimedOut, lab.ResultOf(read)!.Value.Outcome);
    }
}
