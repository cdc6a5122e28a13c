using Graft.Simulation.Core;
using static Graft.Consensus.Tests.Museum.MembershipFacts;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits G01 to G10: what a snapshot replaces, and what not. docs/internals/museum.md is the catalogue.</summary>
public sealed class G_Snapshots
{
    [Theory] // G01: an apply that ended after an install set the applied index back (openraft eed681d5).
    [InlineData(false)]
    [InlineData(true)]
    public void An_install_and_an_apply_end_in_either_order_and_nothing_is_applied_twice(bool isApplyLast)
    {
        Lab lab = Behind(entries: 20, out _);
        lab.HoldApply(3, held: isApplyLast);
        LogIndex before = lab[3].State.Applied;
        lab.HoldSnapshots = false;
        lab.Run(Lab.T * 2);
        Assert.True(lab[3].State.Applied >= before);

        lab.HoldApply(3, held: false);
        lab.Run(Lab.Ms(100));
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Theory] // G02, G09: a crash in the middle of an install left a snapshot and a log of two histories (openraft 674e78aa).
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_crash_at_any_write_of_an_install_leaves_a_log_that_continues_its_snapshot(int kept)
    {
        foreach (int tail in new[] { 1, 9, 40 })
        {
            Lab lab = Behind(entries: 20, out SnapshotImage image, conflictingTail: tail);
            lab.Stall(3);
            lab.HoldSnapshots = false;
            lab.Run(Lab.T * 2);
            lab.Crash(3, kept);
            lab.Restart(3);

            RaftCore core = lab[3].Core;
            core.Log.CheckInvariants();
            bool isInstalled = lab[3].Disk.Snapshot is not null;
            Assert.True(!isInstalled || core.Log.Contains(image.Snapshot.Last), $"{core.Log.Base} {core.Log.Last}");
            Assert.True(!isInstalled || core.CommitIndex >= image.Snapshot.Last.Index);
            AssertConverges(lab);
            Assert.Equal(lab.Leader!.State, lab[3].State);
        }
    }

    [Fact] // G03: a delayed snapshot was loaded over a newer state (redis-raft dcc2fea, openraft ac3e5a89).
    public void A_snapshot_that_comes_after_what_it_covers_changes_nothing()
    {
        Lab lab = Behind(entries: 20, out SnapshotImage image);
        lab.RunUntil(() => lab[3].Host!.Wanted is not null, Lab.T * 2);
        Message offer = lab.LastSent(MessageKind.InstallSnapshot, from: 1);
        lab.Crash(1);
        lab.Elect(2);
        lab.Run(Lab.T);
        StateImage state = lab[3].State;
        Assert.True(state.Applied > image.Snapshot.Last.Index);

        lab[3].Host!.ReceiveSnapshot(image, lab[3].Clock.Read(lab.Now));
        lab.Settle(lab[3]);
        lab.Inject(offer);
        lab.Inject(offer with { From = N(2), Term = lab[2].Term, FromIncarnation = lab[2].Disk.Incarnation });

        Assert.Equal(state, lab[3].State);
        Assert.Equal(EntryId.Zero, lab[3].Core.Log.Base);
        Assert.Null(lab[3].Host!.Wanted);
    }

    [Fact] // G03: equal index and another term is no older snapshot, it is another history.
    public void A_snapshot_that_contradicts_what_is_committed_is_refused()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        Message offer = lab.Draft(MessageKind.InstallSnapshot, 1, 3, 2) with
        {
            Snapshot = new Snapshot(EntryId.Of(1, 2), Membership.Of(1, 2, 3), new LogIndex(1)),
        };

        Assert.Equal(StepOutcome.ContradictsCommitted, lab.Inject(offer));
        Assert.Equal(EntryId.Of(2, 2), lab[3].Last);
    }

    [Theory] // G04: a transfer was resumed where the other side had nothing (logcabin b883ea1, openraft 2eccb9e1).
    [InlineData("receiver")]
    [InlineData("sender")]
    [InlineData("leader")]
    public void A_restart_at_any_point_of_a_transfer_ends_with_the_snapshot(string who)
    {
        for (long bytes = 0; bytes <= 60_000; bytes += 20_000)
        {
            Lab lab = Behind(entries: 20, out SnapshotImage image);
            lab.Snapshot(2);
            Assert.True(lab.RunUntil(() => lab[3].Host!.Wanted is not null, Lab.T * 2));
            lab[3].Core.SnapshotProgress(image.Snapshot.Last, bytes, lab[3].Clock.Read(lab.Now));
            lab.Run(Lab.Ms(100));
            ulong down = who == "receiver" ? 3UL : 1UL;
            lab.Crash(down);
            if (who == "leader")
            {
                lab.Elect(2);
            }

            lab.Restart(down);
            lab.HoldSnapshots = false;
            AssertConverges(lab);
            Assert.Equal(lab.Leader!.State, lab[3].State);
        }
    }

    [Fact] // G05: a second snapshot came while the first was being taken over (etcd#18055, #20133).
    public void A_thousand_snapshots_that_overlap_end_in_one_state()
    {
        var random = new SeededRandom(5);
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);
        int installs = 0;
        var images = new Dictionary<EntryId, SnapshotImage>();
        for (int round = 0; round < 1000; round++)
        {
            LabNode leader = lab.Leader!;
            for (ulong i = 0; i < 10; i++)
            {
                lab.Propose(leader.Id.Value, ((ulong)round * 10) + i + 1);
            }

            lab.Run(Lab.Ms(10));
            lab.Snapshot(leader.Id.Value);
            lab.Snapshot(2);
            foreach (LabNode holder in lab.Nodes)
            {
                if (holder.Disk.Snapshot is { } taken)
                {
                    images[taken.Snapshot.Last] = taken;
                }
            }

            // In one of four rounds n3 is cut off, so that it needs a snapshot; it gets some at once, some late, some never.
            lab.Heal();
            lab.HoldSnapshots = random.Chance(700);
            if (lab[3].Host!.Wanted is { } wanted && random.Chance(300))
            {
                lab[3].Host!.ReceiveSnapshot(images[wanted.Snapshot.Last], lab[3].Clock.Read(lab.Now));
                lab.Settle(lab[3]);
                installs++;
            }

            if (random.Chance(250))
            {
                lab.Isolate(3);
                lab.DropInFlight(message => message.To == N(3));
            }

            lab.Run(Lab.Ms(random.Next(0, 700)));
            lab.Log.Clear();
        }

        lab.Heal();
        lab.HoldSnapshots = false;
        AssertConverges(lab, timeouts: 40);
        Assert.True(installs > 20, $"{installs} installs by hand");
        Assert.Equal(lab.Leader!.State, lab[3].State);
    }

    [Fact] // G08: the membership was missing from the snapshot of a node that had started from one (redis-raft 51c1b78).
    public void Snapshots_of_snapshots_keep_the_membership()
    {
        var lab = new Lab(1, 2, 3);
        lab.Join(4);
        lab.Elect(1);
        lab.Change(1, MembershipChange.None.Add(N(4)));
        lab.Run(Lab.Ms(100));
        Membership membership = lab[1].Membership;
        LogIndex appendedAt = lab[1].Core.MembershipIndex;
        for (ulong round = 1; round <= 5; round++)
        {
            lab.Propose(lab.Leader!.Id.Value, round);
            lab.Run(Lab.Ms(100));
            Assert.All(lab.Nodes, node => Assert.True(lab.Snapshot(node.Id.Value)));
            foreach (ulong id in new ulong[] { 1, 2, 3, 4 })
            {
                lab.Crash(id);
                lab.Restart(id);
                Assert.Equal(membership, lab[id].Membership);
                Assert.Equal(appendedAt, lab[id].Core.MembershipIndex);
                Assert.Equal(membership, lab[id].Disk.Snapshot!.Snapshot.Membership);
            }

            AssertConverges(lab);
        }
    }

    [Fact] // G10: the log's rewrite by a compaction lost term and vote (redis-raft 46a6ad0).
    public void Term_and_vote_outlive_a_compaction()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Propose(1, payload: 1);
        lab.Run(Lab.Ms(20));
        Assert.True(lab.Snapshot(2));
        Assert.Equal(0UL, lab[2].Last.Index - lab[2].Core.Log.Base.Index);

        lab.Crash(2);
        lab.Restart(2);

        Assert.Equal(new Term(2), lab[2].Term);
        Assert.Equal(N(1), lab[2].VotedFor);
        Assert.Equal(EntryId.Of(2, 3), lab[2].Last);
    }

    /// <summary>n3 lacks what n1, its leader, has compacted; snapshots are held.</summary>
    internal static Lab Behind(int entries, out SnapshotImage image, int conflictingTail = 0)
    {
        var lab = new Lab(1, 2, 3) { HoldSnapshots = true };
        lab.Elect(conflictingTail > 0 ? 3UL : 1UL);
        lab.Run(Lab.Ms(20));
        lab.Isolate(3);
        for (int i = 0; i < conflictingTail; i++)
        {
            lab.Propose(3, (ulong)i + 1000);
        }

        lab.Elect(1);
        for (int i = 0; i < entries; i++)
        {
            lab.Propose(1, (ulong)i + 1);
        }

        lab.Run(Lab.Ms(20));
        Assert.True(lab.Snapshot(1));
        image = lab[1].Disk.Snapshot!;
        lab.Heal();
        return lab;
    }
}
