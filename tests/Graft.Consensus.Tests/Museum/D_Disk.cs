namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits D13 to D24: ranges, receipts, counters and lost answers.</summary>
public sealed class D_Disk
{
    [Theory] // D13: near the size limit a later entry was packed behind a skipped one (logcabin#160).
    [InlineData(999)]
    [InlineData(1000)]
    [InlineData(1001)]
    public void A_range_has_no_hole_whatever_the_sizes(int limit)
    {
        var lab = new Lab(Membership.Of(1, 2, 3), (id, incarnation) => Limited(id, incarnation, limit));
        var random = new SeededRandom(13);
        lab.Elect(1);
        for (ulong payload = 0; payload < 200; payload++)
        {
            // Many come together, so that ranges are cut by bytes.
            lab[1].Host!.Propose([payload], random.Next(0, 2500), lab.Now);
            if (payload % 20 == 19)
            {
                lab.Settle(lab[1]);
                lab.Deliver();
            }
        }

        lab.Run(Lab.Ms(20));

        Assert.All(lab.Nodes, node => Assert.Equal(lab[1].State, node.State));
        Assert.All(
            lab.Log.Where(Lab.Of(MessageKind.AppendEntries)),
            append => Assert.True(append.Bytes <= limit || append.EntryCount == 1));
    }

    [Theory] // D14: an append landed behind a truncation that was queued, and left a gap (redpanda#3003).
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_prefix_of_the_queue_survives_a_crash_the_log_is_one(int kept)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Hold(message => message.To.Value == 1 || message.From.Value == 1);
        lab.Stall(1);
        lab.Propose(1, payload: 1);
        lab.Propose(1, payload: 1);
        lab.Elect(2);
        lab.Propose(2, payload: 2);
        lab.Deliver();
        lab.Release();
        lab.Deliver();
        Assert.True(lab[1].Disk.Pending.Count >= 3);
        Assert.Contains(lab[1].Disk.Pending, write => write.Order.TruncateAfter is not null);

        // The disk refuses a gap by itself.
        lab.Crash(1, kept);
        lab.Restart(1);
        lab.Run(Lab.T);

        Assert.Equal(lab[2].Last, lab[1].Last);
        Assert.Equal(lab[2].State, lab[1].State);
    }

    [Fact] // D15: the later of two writes was done first, and counted for both, or for neither (openraft#1960).
    public void A_receipt_counts_once_every_earlier_one_has_come()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Stall(2);
        LogIndex before = lab[2].Core.DurableIndex;
        for (ulong payload = 1; payload <= 3; payload++)
        {
            lab.Propose(1, payload);
            lab.Deliver();
        }

        Assert.Equal(3, lab[2].Disk.Pending.Count);
        lab.CompleteWrite(2, position: 2);
        lab.CompleteWrite(2, position: 1);
        Assert.Equal(before, lab[2].Core.DurableIndex);
        lab.CompleteWrite(2, position: 0);

        Assert.Equal(before + 3, lab[2].Core.DurableIndex);
    }

    [Fact] // D15, the other error: a receipt for entries that a truncation under way takes back.
    public void A_receipt_for_what_a_truncation_takes_back_stores_nothing()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Elect(1);
        lab.Partition([1, 2], [3, 4, 5]);
        lab.Stall(2);
        lab.Propose(1, payload: 1);
        lab.Propose(1, payload: 2);
        lab.Deliver();
        LogIndex stored = lab[2].Core.DurableIndex;
        lab.Crash(1);
        lab.Heal();
        lab.Elect(3);
        Assert.Equal(lab[3].Last, lab[2].Last);
        Assert.Contains(lab[2].Disk.Pending, write => write.Order.TruncateAfter is not null);

        // All but the truncation and what follows it.
        while (lab[2].Disk.Pending[0].Order.TruncateAfter is null)
        {
            lab.CompleteWrite(2, position: 0);
        }

        Assert.Equal(stored, lab[2].Core.DurableIndex);
    }

    [Fact] // D16: a commit by the followers' disks alone was then moved back to the leader's own (canonical/raft d144504).
    public void The_followers_disks_commit_without_the_leaders()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Stall(1);

        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();
        Assert.Equal(write.Last.Index, lab[1].Commit);
        Assert.True(lab[1].Core.DurableIndex < write.Last.Index);
        lab.Resume(1);

        Assert.Equal(write.Last.Index, lab[1].Commit);
    }

    [Fact] // D17: a single node applied and answered what it had not stored (etcd#14370).
    public void A_single_node_commits_nothing_before_it_is_stored()
    {
        var lab = new Lab(1);
        lab.Elect(1);
        lab.Stall(1);

        Proposal write = lab.Propose(1, payload: 1);
        Assert.True(lab[1].Commit < write.Last.Index);
        lab.Crash(1);
        lab.Restart(1);

        Assert.True(lab[1].State.Applied < write.Last.Index);
    }

    [Fact] // D18: a batch larger than a limit moved the commit index back, or skipped entries (etcd 8ecce32).
    public void Whatever_comes_back_after_a_restart_every_entry_is_applied_once_and_in_order()
    {
        var lab = new Lab(Membership.Of(1, 2, 3), (id, incarnation) => Limited(id, incarnation, 1));
        lab.Elect(1);
        lab.Isolate(3);
        for (ulong payload = 0; payload < 100; payload++)
        {
            lab.Propose(1, payload);
        }

        lab.Deliver();
        lab.Crash(2);
        lab.Restart(2);
        lab.Heal();
        lab.Run(Lab.T * 4);

        Assert.All(lab.Nodes, node => Assert.Equal(lab.Leader!.State, node.State));
    }

    [Fact] // D19: a counter of uncommitted bytes leaked until nothing was accepted (etcd a370b6f, e419ba5).
    public void An_idle_cluster_takes_writes_however_often_its_leaders_failed()
    {
        var lab = new Lab(Membership.Of(1, 2, 3), Small);
        for (ulong round = 0; round < 60; round++)
        {
            ulong leader = (round % 3) + 1;
            lab.Elect(leader);
            if (round % 5 == 0)
            {
                lab.Isolate(leader);
            }

            ProposalRefusal refusal = ProposalRefusal.None;
            for (int i = 0; i < 50 && refusal == ProposalRefusal.None; i++)
            {
                refusal = lab.Propose(leader, payload: round).Refusal;
            }

            Assert.Equal(ProposalRefusal.Overloaded, refusal);
            lab.Deliver();
            lab.Heal();
        }

        lab.Run(Lab.T * 4);
        for (int i = 0; i < 20; i++)
        {
            Assert.True(lab.Propose(lab.Leader!.Id.Value, payload: 1, bytes: 50).IsAppended);
        }
    }

    [Theory] // D20: a paused follower was resumed by the wrong event, and flooded or forgotten (etcd#7037).
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_lost_append_is_made_up_for_and_a_silent_follower_is_not_flooded(int every)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        int count = 0;
        lab.Drop(message => message.Kind == MessageKind.AppendEntries && message.To.Value == 3 && ++count % every == 0);
        for (ulong payload = 0; payload < 20; payload++)
        {
            lab.Propose(1, payload);
            lab.Run(Lab.Ms(1));
        }

        int sent = count;
        lab.Run(Lab.T * 2);
        int beats = lab.CountSent(MessageKind.Heartbeat, from: 1);
        Assert.InRange(count - sent, 0, beats);
        lab.Heal();
        lab.Run(Lab.T * 2);

        Assert.Equal(lab[1].State, lab[3].State);
    }

    [Fact] // D21: answers that came in another order moved the match back (willemt f8236e0).
    public void An_older_acknowledgement_takes_nothing_back()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Hold(Lab.Of(MessageKind.AppendEntriesReply, from: 3, to: 1));
        for (ulong payload = 0; payload < 5; payload++)
        {
            lab.Propose(1, payload);
            lab.Deliver();
        }

        Message[] answers = [.. lab.InFlight];
        Assert.Equal(5, answers.Length);
        lab.DropInFlight(_ => true);
        foreach (Message answer in answers.Reverse())
        {
            lab.Inject(answer);
            Assert.Equal(lab[1].Last.Index, D_Repair.Member(lab, 3).Match);
        }
    }

    [Fact] // D22: with a log that is all compacted a new leader sent neither probe nor snapshot (openraft#1828).
    public void A_follower_behind_a_log_that_is_all_snapshot_converges_without_a_write()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Crash(3);
        lab.Propose(1, payload: 1);
        lab.Deliver();
        lab.Run(Lab.Ms(20));
        Assert.True(lab.Snapshot(1));
        Assert.True(lab.Snapshot(2));
        lab.Crash(1);
        lab.Restart(1);

        lab.Restart(3);
        lab.Run(Lab.T * 10);

        Assert.Equal(lab.Leader!.State, lab[3].State);
        Assert.True(lab.Leader.Last.Index == lab[3].Last.Index);
    }

    [Fact] // D23: a conflict was rolled back in the wrong order, and left the wrong configuration (NuRaft 98b42ac).
    public void With_the_entries_that_a_conflict_drops_goes_their_configuration()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        Membership before = lab[1].Membership;
        lab.Isolate(1);
        lab.Propose(1, payload: 1);
        lab.Change(1, MembershipChange.None.Remove(new NodeId(5)).Remove(new NodeId(4)));
        lab.Propose(1, payload: 2);
        Assert.True(lab[1].Membership.IsJoint);

        lab.Elect(2);
        lab.Deliver();
        lab.Heal();
        lab.Run(Lab.T);

        Assert.Equal(before, lab[1].Membership);
        Assert.Equal(lab[2].Core.MembershipIndex, lab[1].Core.MembershipIndex);
    }

    [Fact] // D24: a leader that couldn't read its own log sent "from the beginning" instead (openraft#1795).
    public void An_append_from_the_beginning_has_the_first_entry_first()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);
        for (ulong payload = 0; payload < 30; payload++)
        {
            lab.Propose(1, payload);
        }

        lab.Deliver();
        lab.Crash(1);
        lab.Restart(1);
        lab.Elect(2);
        lab.Hold(Lab.Of(MessageKind.AppendEntries, from: 2, to: 3));
        lab.Heal();
        lab.Run(Lab.T);

        // Every append to 3 is held; each is reported as one that couldn't be read.
        for (int i = 0; i < 50; i++)
        {
            Message append = lab.LastSent(MessageKind.AppendEntries, from: 2);
            lab[2].Core.ReportSent(new NodeId(3), append.Sequence, append.Previous.Index, 0, lab.Now);
            lab.Settle(lab[2]);
            lab.Run(Lab.Ms(60));
        }

        Assert.All(
            lab.Log.Where(Lab.Of(MessageKind.AppendEntries)),
            append => Assert.True(append.Previous.Index > LogIndex.Zero || append.EntriesTerm == new Term(1)));
        lab.Release();
        lab.Run(Lab.T * 2);
        Assert.Equal(lab[2].State, lab[3].State);
    }

    private static RaftOptions Limited(ulong id, Incarnation incarnation, int bytes) => new()
    {
        Cluster = Lab.Cluster,
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = id,
        MessageBytesMax = bytes,
    };

    private static RaftOptions Small(ulong id, Incarnation incarnation) => new()
    {
        Cluster = Lab.Cluster,
        Node = new NodeId(id),
        Incarnation = incarnation,
        Seed = id,
        EntryBytesMax = 1000,
        UncommittedBytesMax = 3000,
    };
}
