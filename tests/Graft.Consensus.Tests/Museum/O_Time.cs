namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits O01 to O05: clocks that are large, that drift, that stop.</summary>
public sealed class O_Time
{
    [Theory] // O01: milliseconds in 32 bits made a dead member count as responsive (NuRaft#660).
    [InlineData(0)]
    [InlineData((long)int.MaxValue * TimeSpan.TicksPerMillisecond)]
    [InlineData((long)uint.MaxValue * TimeSpan.TicksPerMillisecond)]
    [InlineData(long.MaxValue - (TimeSpan.TicksPerDay * 2))]
    [InlineData(long.MinValue + TimeSpan.TicksPerDay)]
    public void A_cluster_lives_over_every_edge_of_the_clock(long origin)
    {
        var lab = new Lab();
        lab.StartClocksAt(new Instant(origin - (TimeSpan.TicksPerSecond * 2)));
        foreach (ulong id in (ulong[])[1, 2, 3])
        {
            lab.Found(id, Membership.Of(1, 2, 3));
        }

        lab.Run(Lab.T * 20);
        lab.Crash(3);
        lab.Propose(lab.Leader!.Id.Value, payload: 1);
        lab.Run(Lab.T * 4);

        Assert.All(lab.Up, node => Assert.Equal(lab.Leader.State, node.State));
        lab.Isolate(lab.Leader.Id.Value);
        LabNode cut = lab.Leader;
        lab.Run(Lab.T * 2);
        Assert.NotEqual(Role.Leader, cut.Role);
    }

    [Fact] // O01: a member that has been dead for sixty days is still dead.
    public void A_member_that_is_silent_for_two_months_is_in_no_quorum()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Crash(2);
        lab.Crash(3);
        lab.Pause(1);
        lab.Run(TimeSpan.FromDays(60));
        lab.Resume(1);

        lab.Run(Lab.T * 2);

        Assert.NotEqual(Role.Leader, lab[1].Role);
    }

    [Fact] // O02, A13: periods that were re-anchored at each late wake-up stretched (openraft 5e15946d).
    public void A_period_is_kept_though_every_wake_up_is_late()
    {
        var lab = new Lab(1);
        lab.Elect(1);
        lab.Join(2);
        lab.Change(1, MembershipChange.None.AddLearner(new NodeId(2)));
        Instant start = lab.Now;
        int before = lab.CountSent(MessageKind.Heartbeat, from: 1);
        for (int beat = 0; beat < 10_000; beat++)
        {
            // The wake-up comes up to 3 ms late, as a timer's does.
            lab.Skip(lab[1].Core.NextDeadline - lab.Now + Lab.Ms(beat % 4));
            lab[1].Core.Tick(lab.Now);
            lab.Settle(lab[1]);
            lab.DropInFlight(_ => true);
        }

        double expected = (lab.Now - start) / (Lab.T / 10);
        Assert.InRange(lab.Log.Count(m => m.Kind == MessageKind.Heartbeat && m.Round > 0) - before, expected * 0.999, (expected * 1.001) + 2);
    }

    [Theory] // O03: a pause between a lease's check and the answer (etcd#20418).
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    public void A_leader_that_was_paused_confirms_no_read_from_before(int timeouts)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);
        lab.Pause(1);
        lab.Run(Lab.T * timeouts);
        if (lab.Leader == lab[1])
        {
            lab.Elect(2);
        }

        Proposal write = lab.Propose(lab.Leader!.Id.Value, payload: 2);
        lab.Run(Lab.Ms(10));
        Assert.True(lab.Leader.Commit >= write.Last.Index);

        lab[1].IsPaused = false;
        ReadId read = lab.Read(1, ReadLevel.Lease);
        lab.Run(Lab.T);

        Assert.True(lab.ResultOf(read) is not { Outcome: ReadOutcome.Confirmed } result || result.Index >= write.Last.Index);
    }

    [Fact] // O05: a clock that stands still in suspend makes a lease outlive its promise; its host sees it and says so.
    public void After_a_suspend_that_the_clock_did_not_count_there_is_no_lease()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.T);
        lab[1].Clock.SetRate(0, lab.Now);
        lab.Pause(1);
        lab.Run(TimeSpan.FromMinutes(1));
        LabNode other = lab.Leader!;
        Assert.NotEqual(lab[1], other);
        Proposal write = lab.Propose(other.Id.Value, payload: 2);
        lab.Run(Lab.Ms(10));

        lab.Hold(Lab.To(1));
        lab[1].Clock.SetRate(1000, lab.Now);
        lab[1].Core.PauseDetected(lab[1].Clock.Read(lab.Now));
        lab[1].IsPaused = false;
        ReadId read = lab.Read(1, ReadLevel.Lease);
        lab.Run(Lab.Ms(5));
        Assert.Null(lab.ResultOf(read));
        lab.Release();
        lab.Run(Lab.T);

        Assert.True(lab.ResultOf(read)!.Value.Index >= write.Last.Index);
    }
}
