namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits K01 to K10: limits, and what happens at them.</summary>
public sealed class K_Flow
{
    [Fact] // K01: each forgotten slot of the window let one more full message out to a dead follower (etcd 42419da).
    public void What_is_in_flight_to_a_silent_follower_stays_within_the_window()
    {
        var lab = new Lab(Membership.Of(1, 2, 3), Windowed);
        lab.Elect(1);
        lab.Pause(3);
        for (ulong payload = 0; payload < 500; payload++)
        {
            lab.Propose(1, payload);
            lab.Run(Lab.Ms(5));
            MemberStatus member = D_Repair.Member(lab, 3);
            Assert.InRange(member.InFlight, 0, 4);
            Assert.InRange(member.InFlightBytes, 0, 1000);
        }

        // Since the watchdog began anew, one probe at most is out beside what the pause holds back.
        Assert.InRange(lab.InFlight.Count(message => message.Kind == MessageKind.AppendEntries && message.To.Value == 3), 1, 20);
        lab.Resume(3);
        lab.Run(Lab.T * 4);
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Fact] // K02, K03: more was accepted than could be committed, until memory ended (scylla#11559, dqlite#276).
    public void A_leader_that_cannot_commit_refuses_before_it_appends()
    {
        var lab = new Lab(Membership.Of(1, 2, 3), Windowed);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Isolate(1);
        ProposalRefusal refusal = ProposalRefusal.None;
        EntryId last = default;
        for (int i = 0; i < 1000 && refusal == ProposalRefusal.None; i++)
        {
            last = lab[1].Last;
            refusal = lab.Propose(1, payload: 1).Refusal;
        }

        Assert.Equal(ProposalRefusal.Overloaded, refusal);
        Assert.Equal(last, lab[1].Last);
        Assert.InRange(lab[1].Last.Index - lab[1].Commit, 1UL, 20UL);
    }

    [Fact] // K04, K07: a follower far behind was sent all that it lacked in one message (ArcadeDB#4752, dotNext#184).
    public void However_far_a_follower_is_behind_a_message_keeps_its_limits()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Crash(3);
        for (ulong payload = 0; payload < 60; payload++)
        {
            Assert.True(lab[1].Host!.Propose([.. Enumerable.Repeat(payload, 500)], 100, lab.Now).IsAppended);
            lab.Settle(lab[1]);
            lab.Deliver();
        }

        lab.Restart(3);
        lab.Run(Lab.T * 2);

        Assert.Equal(lab[1].Last, lab[3].Last);
        Assert.All(
            lab.Log.Where(Lab.Of(MessageKind.AppendEntries)),
            append => Assert.True(append.EntryCount <= 4096 && append.Bytes <= 1 << 20));
    }

    [Theory] // K05: an entry above the transport's limit was accepted, and no leader could ever send it (ArcadeDB#4743).
    [InlineData(999, ProposalRefusal.None)]
    [InlineData(1000, ProposalRefusal.None)]
    [InlineData(1001, ProposalRefusal.EntryTooLarge)]
    [InlineData(10_000, ProposalRefusal.EntryTooLarge)]
    public void An_entry_that_is_too_large_is_refused_at_the_door(int bytes, ProposalRefusal expected)
    {
        var lab = new Lab(Membership.Of(1, 2, 3), Windowed);
        lab.Elect(1);
        EntryId last = lab[1].Last;

        Proposal proposal = lab.Propose(1, payload: 1, bytes);
        lab.Deliver();

        Assert.Equal(expected, proposal.Refusal);
        Assert.Equal(expected == ProposalRefusal.None, lab[3].Last.Index > last.Index);
    }

    [Fact] // K08: one dead follower kept the log from ever being truncated (ArcadeDB#5345).
    public void A_dead_follower_keeps_nothing_from_being_compacted()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Crash(3);
        for (ulong payload = 0; payload < 100; payload++)
        {
            lab.Propose(1, payload);
            lab.Deliver();
            lab.Snapshot(1, trailing: 5);
            Assert.InRange(lab[1].Disk.Entries.Count, 0, 6);
        }

        lab.Restart(3);
        lab.Run(Lab.T * 2);
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Fact] // K10: replication to one follower died silently while its heartbeats were fine (hashicorp#612).
    public void A_pipeline_whose_answers_are_lost_is_begun_anew()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Drop(message => message.Kind == MessageKind.AppendEntries && message.To.Value == 3);
        for (ulong payload = 0; payload < 10; payload++)
        {
            lab.Propose(1, payload);
        }

        lab.Run(Lab.Ms(20));
        lab.Heal();
        lab.Run(Lab.T * 2);

        Assert.Equal(new Term(2), lab[1].Term);
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Fact] // K10: with a disk that stood still for a while.
    public void A_follower_whose_disk_hung_catches_up_once_it_is_well()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Stall(3);
        for (ulong payload = 0; payload < 100; payload++)
        {
            lab.Propose(1, payload);
            lab.Run(Lab.Ms(300));
        }

        lab.Resume(3);
        lab.Run(Lab.T * 2);

        Assert.Equal(lab[1].State, lab[3].State);
    }

    private static RaftOptions Windowed(ulong id, Incarnation incarnation) => new()
    {
        Cluster = Lab.Cluster,
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = id,
        WindowMessagesMax = 4,
        WindowBytesMax = 1000,
        EntryBytesMax = 1000,
        UncommittedBytesMax = 100_000,
        UncommittedEntriesMax = 20,
    };
}
