using Graft.Simulation.Core;
using static Graft.Consensus.Tests.Museum.G_Snapshots;
using static Graft.Consensus.Tests.Museum.MembershipFacts;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits G14 to G24: policies, lost reports, long installs. docs/internals/museum.md is the catalogue.</summary>
public sealed class G_SnapshotsMore
{
    [Theory] // G14: a follower needed a snapshot that the policy forbade (openraft cf4badd0, d0e245a2).
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void However_little_a_leader_keeps_the_others_catch_up_and_the_log_stays_short(int trailing)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        for (ulong payload = 1; payload <= 30; payload++)
        {
            if (payload % 10 == 5)
            {
                lab.Isolate(3);
            }

            lab.Propose(1, payload);
            lab.Run(Lab.Ms(20));
            lab.Snapshot(1, (ulong)trailing);
            lab.Heal();
        }

        AssertConverges(lab);
        lab.Snapshot(1, (ulong)trailing);
        Assert.Equal((ulong)trailing, lab[1].Last.Index - lab[1].Core.Log.Base.Index);
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Fact] // G15: an older snapshot was recorded after a newer one (NuRaft 9de4522).
    public void An_older_snapshot_never_replaces_a_newer_one()
    {
        Lab lab = Behind(entries: 20, out SnapshotImage image);
        Snapshot newest = image.Snapshot;
        Instant now = lab[1].Clock.Read(lab.Now);
        lab[1].Core.SnapshotTaken(new Snapshot(EntryId.Of(2, 2), newest.Membership, newest.MembershipIndex), now);
        Assert.Throws<ArgumentException>(() => lab[1].Core.SnapshotTaken(newest with { Last = new EntryId(newest.Last.Term, newest.Last.Index + 1) }, now));

        lab.Run(Lab.T * 2);
        Assert.Equal(newest.Last, lab.LastSent(MessageKind.InstallSnapshot, from: 1).Snapshot!.Last);
    }

    [Fact] // G17: reads and writes that waited at a deposed leader were forgotten when it got a snapshot (openraft#1761).
    public void Whoever_waits_at_a_deposed_leader_gets_an_answer_when_it_installs_a_snapshot()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(3);
        lab.Run(Lab.Ms(20));
        lab.Isolate(3);
        Proposal lost = lab.Propose(3, payload: 77);
        ReadId read = lab.Read(3, timeout: Lab.T * 40);
        lab.Elect(1);
        for (ulong payload = 1; payload <= 20; payload++)
        {
            lab.Propose(1, payload);
        }

        lab.Run(Lab.Ms(20));
        Assert.True(lab.Snapshot(1));
        lab.Heal();
        lab.Run(Lab.T * 4);

        // The read went on to the new leader; of the write the host can tell that its place is past, and taken by another.
        Assert.Equal(ReadOutcome.Confirmed, lab.ResultOf(read)!.Value.Outcome);
        Assert.True(lab[3].Commit > lost.Last.Index);
        Assert.False(lab[3].Core.Log.Contains(lost.Last));
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Theory] // G18: a wiped node installed a snapshot and could never start again (Curvine#1551).
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_node_with_an_empty_disk_starts_again_after_a_crash_at_any_write_of_its_first_install(int kept)
    {
        Lab lab = Behind(entries: 20, out _);
        lab.Wipe(3, newId: 13);
        lab.HoldSnapshots = false;
        lab.Stall(13);
        Assert.True(lab.Change(1, MembershipChange.None.Remove(N(3)).AddLearner(N(13))).IsAppended);
        lab.Run(Lab.T * 2);
        for (int life = 0; life < 2; life++)
        {
            lab.Crash(13, kept);
            lab.Restart(13);
            lab.Stall(13);
            lab.Run(Lab.T);
        }

        lab.Resume(13);
        AssertConverges(lab);
        Assert.Equal(lab.Leader!.State, lab[13].State);
    }

    [Fact] // G19: a pending snapshot was given up when the log had gone already (camunda#14671, scylla#13864).
    public void Giving_a_snapshot_up_leaves_the_log_as_it_was()
    {
        Lab lab = Behind(entries: 20, out _, conflictingTail: 5);
        for (int attempt = 0; attempt < 5; attempt++)
        {
            Assert.True(lab.RunUntil(() => lab[3].Host!.Wanted is not null, Lab.T * 12));
            EntryId last = lab[3].Last;
            lab[3].Host!.FailSnapshot(lab[3].Clock.Read(lab.Now));
            lab.Settle(lab[3]);
            Assert.Equal(last, lab[3].Last);
            Assert.Equal(EntryId.Zero, lab[3].Core.Log.Base);
            if (attempt % 2 == 1)
            {
                lab.Crash(3);
                lab.Restart(3);
                Assert.Equal(last, lab[3].Last);
            }
        }

        lab.HoldSnapshots = false;
        AssertConverges(lab);
    }

    [Fact] // SNAP: the entries of a snapshot and the snapshot came in one batch, and the log on disk got a gap.
    public void A_snapshot_and_the_entries_it_covers_in_one_batch_leave_no_gap_on_disk()
    {
        Lab lab = Behind(entries: 20, out SnapshotImage image);
        Assert.True(lab.RunUntil(() => lab[3].Host!.Wanted is not null, Lab.T * 2));

        // n2 has forgotten what is committed and has the whole log, so n3 gets the entries and not yet their commit.
        lab.Crash(1);
        lab.Crash(2);
        lab.DropInFlight(_ => true);
        lab.Restart(2);
        lab.Hold(Lab.Of(MessageKind.AppendEntries));
        lab.Elect(2);
        lab.Release(Lab.To(3));
        lab.Deliver(Lab.Of(MessageKind.AppendEntries));
        lab.Deliver(Lab.Of(MessageKind.AppendEntriesReply));
        lab.DeliverWithSnapshot(3, Lab.Of(MessageKind.AppendEntries, from: 2, to: 3), image);
        Assert.True(lab[3].Last.Index >= image.Snapshot.Last.Index);

        lab.Release();
        lab.Run(Lab.Ms(100));
        lab.Crash(3);
        lab.Restart(3);
        AssertConverges(lab);
        Assert.Equal(lab.Leader!.State, lab[3].State);
    }

    [Theory] // G21: the leader waited for a report of the snapshot that never came (etcd#7470).
    [InlineData(MessageKind.InstallSnapshot)]
    [InlineData(MessageKind.InstallSnapshotReply)]
    [InlineData(MessageKind.AppendEntriesReply)]
    public void A_lost_offer_answer_or_report_is_made_up_for(MessageKind lost)
    {
        Lab lab = Behind(entries: 20, out _);
        lab.Drop(message => message.Kind == lost && (message.From == N(3) || message.To == N(3)), times: 2);
        lab.HoldSnapshots = false;

        Assert.True(lab.RunUntil(() => lab[3].Commit == lab[1].Commit, Lab.T * 12), lab[1].Core.Status(lab[1].Clock.Read(lab.Now)).Explain());
        AssertConverges(lab);
    }

    [Fact] // G22: "busy" was taken for a conflict, and the next index went to zero (NuRaft 6ae69b0).
    public void A_follower_that_is_fetching_is_offered_again_and_rewound_nowhere()
    {
        Lab lab = Behind(entries: 20, out _);
        Assert.True(lab.RunUntil(() => lab[3].Host!.Wanted is not null, Lab.T * 2));
        int sent = lab.Log.Count;
        lab.Run(Lab.T * 8);

        Assert.Contains(lab.Log.Skip(sent), message => message.Kind == MessageKind.InstallSnapshotReply && message.Reason == MessageReason.Receiving);
        Assert.DoesNotContain(lab.Log.Skip(sent), message => message.Kind == MessageKind.AppendEntries && message.To == N(3));
        MemberStatus status = lab[1].Core.Status(lab[1].Clock.Read(lab.Now)).Members.Single(member => member.Member.Id == N(3));
        Assert.Equal(ProgressState.Snapshot, status.State);

        lab.HoldSnapshots = false;
        AssertConverges(lab);
    }

    [Fact] // G23: a snapshot that took longer than an election timeout cost the leader (copycat#242).
    public void An_install_of_twenty_timeouts_elects_nobody()
    {
        Lab lab = Behind(entries: 20, out _);
        lab.Run(Lab.T * 20);
        Assert.Equal(Role.Leader, lab[1].Role);
        Assert.Equal(lab[1].Term, lab[3].Term);
        Assert.Equal(0, lab.CountSent(MessageKind.PreVote, from: 3));

        lab.HoldSnapshots = false;
        AssertConverges(lab);
        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Fact] // G24: a delayed snapshot cut off entries behind it that had been acknowledged (etcd#1763).
    public void A_snapshot_whose_last_entry_the_log_holds_leaves_what_follows_it()
    {
        Lab lab = Behind(entries: 20, out SnapshotImage image);
        Assert.True(lab.RunUntil(() => lab[3].Host!.Wanted is not null, Lab.T * 2));

        for (ulong payload = 101; payload <= 105; payload++)
        {
            lab.Propose(1, payload);
        }

        lab.Run(Lab.Ms(20));

        // The next leader doesn't know what is committed, so n3 gets all entries and learns of no commit.
        lab.Crash(1);
        lab.Crash(2);
        lab.DropInFlight(_ => true);
        lab.Restart(2);
        lab.Hold(message => message.Kind == MessageKind.AppendEntriesReply && message.IsGranted && message.Last >= image.Snapshot.Last.Index);
        lab.Elect(2);
        lab.Run(Lab.Ms(60));
        EntryId last = lab[3].Last;
        Assert.True(last.Index > image.Snapshot.Last.Index, $"{last}");
        Assert.True(lab[3].Commit < image.Snapshot.Last.Index, $"{lab[3].Commit}");

        lab[3].Host!.ReceiveSnapshot(image, lab[3].Clock.Read(lab.Now));
        lab.Settle(lab[3]);

        Assert.Equal(last, lab[3].Last);
        Assert.True(lab[3].Commit >= image.Snapshot.Last.Index);
        lab.Release();
        AssertConverges(lab);
    }
}
