namespace Graft.Consensus.Tests.Museum;

/// <summary>Those exhibits of section H that a core can get wrong: what it promises, and what it makes of a damaged disk.</summary>
public sealed class H_Disks
{
    [Theory] // H03, H05: a log cut short in the middle was taken for a torn tail, and its node voted (PAR, FAST'18; NATS#7549).
    [InlineData(true)]
    [InlineData(false)]
    public void A_node_that_lost_what_it_acknowledged_elects_nobody_who_lacks_it(bool isMarkKnown)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);
        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();
        lab.Run(Lab.Ms(20));
        Assert.True(lab[1].Commit >= write.Last.Index);

        lab.Crash(1);
        lab.Crash(2);
        lab[2].Disk.Rot(intact: new LogIndex(1), isMarkKnown);
        lab.Restart(2);
        lab.Heal();
        lab.Run(Lab.T * 20);
        Assert.Null(lab.Leader);

        lab.Restart(1);
        lab.Run(Lab.T * 10);

        Assert.True(lab.Leader!.Core.Log.Contains(write.Last));
        Assert.Equal(lab.Leader.State, lab[2].State);
        Assert.False(lab[2].Core.IsRepairing);
    }

    [Fact] // H03: safe, and final: what operators are told in docs/internals/protocol.md, "Repair after rot".
    public void Two_of_three_that_do_not_know_what_they_acknowledged_have_no_leader_ever_again()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Propose(1, payload: 1);
        lab.Run(Lab.T);
        lab.Crash(1);
        foreach (ulong id in (ulong[])[2, 3])
        {
            lab.Crash(id);
            lab[id].Disk.Rot(intact: new LogIndex(1), isMarkKnown: false);
        }

        foreach (ulong id in (ulong[])[1, 2, 3])
        {
            lab.Restart(id);
        }

        lab.Run(Lab.T * 100);

        Assert.Null(lab.Leader);
        Assert.Equal(Leaderlessness.Repairing, lab[2].Core.Status(lab.Now).WhyNoLeader);
    }

    [Fact] // H07: a commit index beyond the log made every start panic (etcd#3591, #5664).
    public void A_commit_index_beyond_the_log_does_not_keep_a_node_from_starting()
    {
        RestoredState founding = RestoredState.Founding(Membership.Of(1, 2, 3));
        var restored = new RestoredState
        {
            HardState = founding.HardState with { Commit = new LogIndex(18_523_916) },
            Log = founding.Log,
            Memberships = founding.Memberships,
        };

        var core = new RaftCore(Lab.Options(1, new Incarnation(2)), restored, default);

        Assert.Equal(new LogIndex(1), core.CommitIndex);
        core.CheckInvariants();
    }

    [Theory] // H21: an answer left when the write returned, and the flush came later.
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Nothing_that_was_said_is_untrue_after_a_crash(ulong seed)
    {
        // The lab checks every message against what would survive a crash at that moment; here every disk is slow, writes
        // are done in any order, and everybody crashes now and then.
        var random = new SeededRandom(seed);
        var lab = new Lab(1, 2, 3);
        foreach (LabNode node in lab.Nodes)
        {
            lab.Stall(node.Id.Value);
        }

        for (int step = 0; step < 1500; step++)
        {
            LabNode node = lab[(ulong)random.Next(1, 3)];
            if (node.Disk.Pending.Count > 0)
            {
                int position = random.Next(0, node.Disk.Pending.Count - 1);
                if (!node.Disk.Pending[position].IsDone)
                {
                    lab.CompleteWrite(node.Id.Value, position);
                }
            }

            if (node.Role == Role.Leader)
            {
                lab.Propose(node.Id.Value, payload: (ulong)step);
            }

            if (random.Chance(5))
            {
                lab.Crash(node.Id.Value, kept: Survivors(node, random));
                lab.Restart(node.Id.Value);
                lab.Stall(node.Id.Value);
            }

            lab.Run(Lab.Ms(random.Next(0, 20)));
        }

        foreach (LabNode node in lab.Nodes)
        {
            lab.Resume(node.Id.Value);
        }

        lab.Run(Lab.T * 10);
        Assert.True(lab.Leader!.Commit.Value > 5);
        Assert.All(lab.Nodes, node => Assert.Equal(lab.Leader.State, node.State));
    }

    // No crash loses what has been receipted without a gap; the disk has those on the platter already.
    private static int Survivors(LabNode node, SeededRandom random) => random.Next(0, node.Disk.Pending.Count);
}
