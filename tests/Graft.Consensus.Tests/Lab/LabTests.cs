namespace Graft.Consensus.Tests;

public sealed class LabTests
{
    [Fact]
    public void The_elected_node_leads_and_what_it_takes_is_applied_everywhere()
    {
        var lab = new Lab(1, 2, 3);

        lab.Elect(2);
        Proposal proposal = lab.Propose(2, payload: 7);
        lab.Deliver();
        lab.Run(Lab.Ms(20));

        Assert.All(lab.Nodes, node => Assert.Equal(7UL, node.Payload(proposal.Last.Index.Value)));
        Assert.All(lab.Nodes, node => Assert.Equal(proposal.Last.Index, node.State.Applied));
    }

    [Fact]
    public void A_cut_off_leader_is_replaced_and_follows_once_it_is_back()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);

        lab.Isolate(1);
        lab.Propose(1, payload: 1);
        lab.Run(Lab.T * 4);
        lab.Heal();
        lab.Run(Lab.T * 4);

        Assert.NotEqual(new NodeId(1), lab.Leader!.Id);
        Assert.All(lab.Nodes, node => Assert.Equal(lab.Leader.Last, node.Last));
    }

    [Fact]
    public void Whoever_crashes_finds_what_its_disk_had_completed()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Stall(3);
        lab.Propose(1, payload: 1);
        lab.Deliver();
        Assert.Equal(lab[1].Last, lab[3].Last);

        lab.Crash(3);
        lab.Restart(3);

        Assert.Equal(lab[1].Last.Index.Previous, lab[3].Last.Index);
    }

    [Fact]
    public void Who_fell_behind_the_log_gets_a_snapshot()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Crash(3);
        lab.Propose(1, payload: 1);
        lab.Deliver();

        Assert.True(lab.Snapshot(1));
        lab.Restart(3);
        lab.Run(Lab.T * 2);

        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Fact]
    public void A_read_is_confirmed_at_the_commit_index()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);

        ReadId read = lab.Read(2);
        Assert.Null(lab.ResultOf(read));
        lab.Deliver();
        lab.Run(Lab.Ms(10));

        Assert.Equal(ReadOutcome.Confirmed, lab.ResultOf(read)!.Value.Outcome);
        Assert.Equal(lab[1].Commit, lab.ResultOf(read)!.Value.Index);
    }

    [Fact]
    public void A_slow_clock_sees_its_deadlines_later()
    {
        var lab = new Lab(1, 2, 3);
        lab[1].Clock.SetRate(500, lab.Now);

        Assert.Equal(lab[1].Core.NextDeadline.Ticks * 2, lab[1].Clock.When(lab[1].Core.NextDeadline).Ticks);
    }
}
