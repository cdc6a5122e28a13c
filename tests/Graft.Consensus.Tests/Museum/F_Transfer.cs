using static Graft.Consensus.Tests.Museum.MembershipFacts;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits F01 to F07: leadership is handed over, or it isn't. docs/internals/museum.md is the catalogue.</summary>
public sealed class F_Transfer
{
    [Fact] // F01: a write between the check and TimeoutNow made the target's log old (hashicorp#581, redpanda#2606).
    public void A_thousand_transfers_under_writes_succeed_and_no_write_is_answered_falsely()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        var written = new List<(EntryId Id, ulong Payload)>();
        ulong payload = 0;
        for (int transfer = 0; transfer < 1000; transfer++)
        {
            ulong from = lab.Leader!.Id.Value;
            Write(from);
            Assert.Equal(TransferRefusal.None, lab.Transfer(from, (from % 3) + 1));
            for (int i = 0; i < 6; i++)
            {
                Write(from);
                lab.Run(Lab.Ms(1));
            }

            lab.Run(Lab.Ms(10));
            lab.Log.Clear();
        }

        lab.Run(Lab.T);
        Assert.True(lab.Transfers.Count(end => end.Outcome == TransferOutcome.Succeeded) >= 990, $"{lab.Transfers.Count} ended");
        Assert.True(lab.Leader!.Term.Value <= 1003, $"{lab.Leader.Term}");
        Assert.All(written, entry => Assert.Equal(entry.Payload, lab.Leader!.Payload(entry.Id.Index.Value)));

        void Write(ulong to)
        {
            Proposal proposal = lab.Propose(to, ++payload);
            if (proposal.IsAppended)
            {
                written.Add((proposal.First, payload));
            }
            else
            {
                Assert.True(proposal.Refusal is ProposalRefusal.TransferInProgress or ProposalRefusal.NotLeader);
            }
        }
    }

    [Theory] // F02: the flag outlived the transfer, and writes were refused for ever (hashicorp#493).
    [InlineData("dead")]
    [InlineData("cut off")]
    [InlineData("slow")]
    [InlineData("deaf")]
    [InlineData("stalled disk")]
    [InlineData("deposed")]
    public void A_transfer_that_fails_lets_writes_in_again(string failure)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        switch (failure)
        {
            case "dead":
                lab.Crash(2);
                break;
            case "cut off":
                lab.Isolate(2);
                break;
            case "slow":
                lab.Hold(message => message.Kind == MessageKind.AppendEntries && message.To == N(2));
                break;
            case "deaf":
                lab.Hold(Lab.Of(MessageKind.TimeoutNow));
                break;
            case "stalled disk":
                lab.Stall(2);
                break;
            default:
                lab.Isolate(1);
                break;
        }

        lab.Propose(1, payload: 1);
        Assert.Equal(TransferRefusal.None, lab.Transfer(1, 2));
        Assert.Equal(ProposalRefusal.TransferInProgress, lab.Propose(1, payload: 2).Refusal);
        lab.Run(Lab.T * 2);

        Assert.Single(lab.Transfers);
        LabNode leader = lab.Leader!;
        Proposal proposal = lab.Propose(leader.Id.Value, payload: 3);
        Assert.True(proposal.IsAppended, $"{leader.Id} {proposal.Refusal}");
        lab.Run(Lab.Ms(20));
        Assert.True(leader.Commit >= proposal.Last.Index);
    }

    [Fact] // F02: targets that can't lead are refused at once.
    public void A_target_that_may_not_lead_is_refused()
    {
        var lab = new Lab(Membership.Of([Voter(1), Voter(2), new Member(N(3), MemberRole.Voter, IsWitness: true), Learner(4)]));
        lab.Elect(1);
        lab.Run(Lab.Ms(20));

        Assert.Equal(TransferRefusal.NotEligible, lab.Transfer(1, 3));
        Assert.Equal(TransferRefusal.NotEligible, lab.Transfer(1, 4));
        Assert.Equal(TransferRefusal.NotEligible, lab.Transfer(1, 9));
        Assert.Equal(TransferRefusal.AlreadyLeader, lab.Transfer(1, 1));
        Assert.Equal(TransferRefusal.NotLeader, lab.Transfer(2, 1));
        Assert.True(lab.Propose(1, payload: 1).IsAppended);
    }

    [Fact] // F03: the target offered a log that wasn't flushed (openraft#1805).
    public void A_target_stands_once_its_log_is_on_disk_and_not_before()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Stall(2);
        lab.Propose(1, payload: 1);
        lab.Deliver();
        Assert.Equal(TransferRefusal.None, lab.Transfer(1, 2));
        lab.Deliver();
        Assert.Equal(0, lab.CountSent(MessageKind.TimeoutNow, from: 1));

        // Even if the call comes all the same.
        lab.Inject(lab.Draft(MessageKind.TimeoutNow, 1, 2, lab[1].Term.Value) with { Last = lab[2].Last.Index });
        Assert.Equal(Role.Follower, lab[2].Role);
        Assert.Equal(lab[1].Term, lab[2].Term);

        lab.Resume(2);
        lab.Deliver();
        Assert.Equal(Role.Leader, lab[2].Role);
    }

    [Theory] // F04: TimeoutNow reached a member that had been removed meanwhile (etcd 816fc51).
    [InlineData(false)]
    [InlineData(true)]
    public void A_call_to_a_removed_member_elects_nobody(bool isCutOff)
    {
        var lab = new Lab(1, 2, 3, 4);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Hold(Lab.Of(MessageKind.TimeoutNow));
        lab.Transfer(1, 3);
        lab.Run(Lab.T * 2);
        Assert.Equal(TransferOutcome.TimedOut, Assert.Single(lab.Transfers).Outcome);
        if (isCutOff)
        {
            lab.Isolate(3);
        }

        Assert.True(lab.Change(1, MembershipChange.None.Remove(N(3))).IsAppended);
        lab.Run(Lab.Ms(20));
        Assert.False(lab[1].Membership.Contains(N(3)));

        lab.Heal();
        lab.Release();
        lab.Deliver();

        // Cut off, it knows no better and asks; it costs a term and wins nothing.
        Assert.NotEqual(Role.Leader, lab[3].Role);
        AssertConverges(lab);
        Assert.False(lab.Leader!.Membership.Contains(N(3)));
        Assert.True(lab.Leader.Term <= new Term(5));
    }

    [Fact] // F05: reads renewed the followers' timers while writes waited for the transfer (openraft#1747).
    public void Reads_during_a_transfer_to_a_dead_node_delay_nothing()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Crash(2);
        lab.Transfer(1, 2);
        var reads = new List<ReadId>();
        for (int i = 0; i < 100; i++)
        {
            reads.Add(lab.Read(1));
            lab.Run(Lab.Ms(10));
        }

        Assert.True(lab.Propose(1, payload: 1).IsAppended);
        lab.Run(Lab.Ms(20));
        Assert.All(reads, read => Assert.Equal(ReadOutcome.Confirmed, lab.ResultOf(read)!.Value.Outcome));
    }

    [Fact] // F06: a delayed TimeoutNow deposed a leader that had long gone on (raft-rs#234).
    public void A_late_call_is_ignored_by_whoever_has_gone_on()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Hold(Lab.Of(MessageKind.TimeoutNow));
        lab.Transfer(1, 2);
        lab.Run(Lab.T * 2);
        lab.Propose(1, payload: 1);
        lab.Run(Lab.Ms(20));

        lab.Release();
        lab.Deliver();
        Assert.Equal(new Term(2), lab[2].Term);
        Assert.Equal(Role.Leader, lab[1].Role);

        // Of an earlier term, it is nobody's call.
        Message old = lab.Log.First(message => message.Kind == MessageKind.TimeoutNow);
        lab.Crash(1);
        lab.Elect(3);
        lab.Run(Lab.Ms(20));
        lab.Restart(1);
        Assert.NotEqual(StepOutcome.Accepted, lab.Inject(old with { Last = lab[2].Last.Index }));
        Assert.Equal(Role.Leader, lab[3].Role);
    }

    [Fact] // F07: the leader had stepped down when its TimeoutNow got lost (go-dqlite#271).
    public void A_lost_call_costs_a_heartbeat()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Drop(Lab.Of(MessageKind.TimeoutNow), times: 1);
        lab.Transfer(1, 2);
        lab.Deliver();
        Assert.Equal(Role.Leader, lab[1].Role);

        lab.Run(Lab.T / 10 + Lab.Ms(10));
        Assert.Equal(Role.Leader, lab[2].Role);
        Assert.Equal(new TransferResult(N(2), TransferOutcome.Succeeded), Assert.Single(lab.Transfers));
    }
}
