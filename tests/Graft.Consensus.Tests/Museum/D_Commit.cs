using Graft.Simulation.Core;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits D01 to D06 and D25, D26: what may be committed, what may be dropped, what may be acknowledged.</summary>
public sealed class D_Commit
{
    [Fact] // D01: an entry of an old term was committed by counting copies (thesis figure 3.7; logcabin#44, canonical#302).
    public void An_entry_of_an_earlier_term_is_not_committed_by_counting()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Partition([1, 2], [3, 4, 5]);
        Proposal old = lab.Propose(1, payload: 2);
        lab.Deliver();
        lab.Crash(1);
        lab.Heal();
        lab.Hold(message => message.Kind == MessageKind.AppendEntries && message.From.Value == 5);
        lab.Cut(2, 5);
        lab.Elect(5);
        lab.Crash(5);
        lab.Restart(1);
        lab.DropInFlight(_ => true);
        lab.Heal();
        lab.Release();

        // 1 leads again and 3 gets the old entry: three of five hold it. Of the new leader's own entry, two.
        lab.Hold(Lab.Of(MessageKind.AppendEntries, from: 1, to: 3));
        lab.CutBoth(1, 4);
        lab.Elect(1);
        for (int append = 0; append < 2; append++)
        {
            lab.Release(Lab.Of(MessageKind.AppendEntries, from: 1, to: 3));
            lab.Deliver();
        }

        Assert.Equal(old.Last, lab[3].Last);
        Assert.True(lab[2].Core.Log.Contains(old.Last));
        Assert.True(lab[1].Commit < old.Last.Index);

        lab.Crash(1);
        lab.Restart(5);
        lab.Release();
        lab.DropInFlight(_ => true);
        lab.Heal();
        lab.Crash(2);
        lab.Elect(5);
        lab.Deliver();

        Assert.NotEqual(old.Last.Term, lab[3].Core.Log.TermAt(old.Last.Index));
    }

    [Fact] // D01's twin: without an entry of its own a leader commits nothing that came before.
    public void A_new_leader_commits_what_it_found_without_waiting_for_a_write()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Hold(Lab.To(1));
        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();
        Assert.True(lab[1].Commit < write.Last.Index);

        lab.Crash(1);
        lab.Elect(2);

        Assert.True(lab[2].Commit >= write.Last.Index);
    }

    [Fact] // D02: an older, shorter copy of an append cut off what had come after it (hashicorp 0f31a01, CCF#5991).
    public void An_old_append_shortens_no_log()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));

        // Acknowledged and not known to be committed: what is committed, nobody would touch.
        lab.Hold(Lab.To(1));
        lab.Propose(1, payload: 1);
        Message first = lab.LastSent(MessageKind.AppendEntries, from: 1) with { To = new NodeId(2) };
        lab.Propose(1, payload: 2);
        lab.Propose(1, payload: 3);
        lab.Deliver();
        Assert.True(lab.LastSent(MessageKind.AppendEntriesReply, from: 2).Last > first.Last);
        EntryId last = lab[2].Last;

        lab.Inject(new Envelope(first, [.. lab[1].Disk.Entries.Where(entry => entry.Id.Index == first.Last)]));

        Assert.Equal(last, lab[2].Last);
        Assert.Equal(last, lab[2].Disk.Last);
    }

    [Theory] // D03: the suffix was dropped and appended in two steps, and a crash came between (openraft 9540c904).
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_crash_inside_an_append_loses_nothing_that_was_acknowledged(int kept)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Deliver();
        lab.Isolate(3);
        Proposal committed = lab.Propose(1, payload: 1);
        lab.Deliver();
        Assert.Equal(committed.Last.Index, lab[1].Commit);
        lab.Stall(2);
        lab.Propose(1, payload: 2);
        lab.Inject(new Envelope(
            lab.Draft(MessageKind.AppendEntries, from: 1, to: 2, term: 2) with
            {
                Entry = EntryId.Of(1, 1),
                Last = lab[1].Last.Index,
                EntriesTerm = new Term(2),
            },
            [.. lab[1].Disk.Entries.Where(entry => entry.Id.Index > new LogIndex(1))]));

        lab.Crash(2, kept);
        lab.Crash(1);
        lab.Restart(2);
        lab.Heal();
        lab.Elect(2);

        Assert.True(lab[2].Core.Log.Contains(committed.Last));
        Assert.Equal(1UL, lab[2].Payload(committed.Last.Index.Value));
    }

    [Fact] // D04: a heartbeat's commit index committed a stale tail (NuRaft 5214005).
    public void A_follower_commits_no_further_than_it_agrees_with_its_leader()
    {
        Lab lab = StaleTail(out LogIndex agreed);

        lab.Inject(lab.Draft(MessageKind.Heartbeat, from: 3, to: 1, term: 9) with { Commit = lab[1].Last.Index, Round = 1 });
        lab.Inject(lab.Draft(MessageKind.AppendEntries, from: 3, to: 1, term: 9) with
        {
            Entry = new EntryId(lab[1].Core.Log.TermAt(agreed), agreed),
            Last = agreed,
            Commit = lab[1].Last.Index,
        });

        Assert.Equal(agreed, lab[1].Commit);
    }

    [Fact] // D04, D05: a heartbeat's answer counted a stale tail as stored (CCF#6016, RATIS-2605).
    public void A_follower_acknowledges_no_further_than_it_was_asked()
    {
        Lab lab = StaleTail(out LogIndex agreed);

        lab.Inject(lab.Draft(MessageKind.AppendEntries, from: 3, to: 1, term: 9) with
        {
            Entry = new EntryId(lab[1].Core.Log.TermAt(agreed), agreed),
            Last = agreed,
        });

        Message reply = lab.LastSent(MessageKind.AppendEntriesReply, from: 1);
        Assert.True(reply.IsGranted);
        Assert.Equal(agreed, reply.Last);
    }

    [Fact] // D04: nor does a leader name an index that the receiver hasn't acknowledged.
    public void A_heartbeat_names_no_commit_index_beyond_what_its_receiver_acknowledged()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Hold(Lab.Of(MessageKind.AppendEntries, from: 1, to: 3));
        lab.Propose(1, payload: 1);
        lab.Deliver();
        LogIndex acknowledged = lab[1].Core.Status(lab.Now).Members[2].Match;
        Assert.True(lab[1].Commit > acknowledged);

        lab.Run(Lab.T);

        Assert.All(lab.Log.Where(Lab.Of(MessageKind.Heartbeat, from: 1, to: 3)), beat => Assert.True(beat.Commit <= acknowledged));
    }

    [Fact] // D06: a compacted place before the range was read as a conflict, and everything behind it was deleted (openraft 44381b0c).
    public void An_append_from_before_the_snapshot_deletes_nothing()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Propose(1, payload: 1);
        Message early = lab.LastSent(MessageKind.AppendEntries, from: 1) with { To = new NodeId(2), ToIncarnation = Incarnation.Unknown };
        lab.Deliver();
        for (ulong payload = 2; payload < 10; payload++)
        {
            lab.Propose(1, payload);
            lab.Deliver();
        }

        lab.Run(Lab.Ms(20));
        Assert.True(lab.Snapshot(2, trailing: 2));
        lab.Crash(2);
        lab.Restart(2);
        EntryId last = lab[2].Last;

        lab.Inject(early);

        Assert.Equal(last, lab[2].Last);
        Assert.True(lab.LastSent(MessageKind.AppendEntriesReply, from: 2).IsGranted);
    }

    [Fact] // D25: a second leader of the same term was logged and obeyed (NuRaft#531).
    public void A_second_leader_of_a_term_is_not_obeyed()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        EntryId last = lab[2].Last;

        StepOutcome outcome = lab.Inject(lab.Draft(MessageKind.AppendEntries, from: 3, to: 2, term: 2) with
        {
            Entry = EntryId.Of(1, 1),
            Last = new LogIndex(5),
            EntriesTerm = new Term(2),
        });

        Assert.Equal(StepOutcome.SecondLeader, outcome);
        Assert.Equal((new NodeId(1), last), (lab[2].Leader, lab[2].Last));
        Assert.Contains("SecondLeader", lab[2].Core.Status(lab.Now).Explain(), StringComparison.Ordinal);
    }

    [Fact] // D26: a leader's own write failed, and it used the index again in the same term (canonical/raft#320).
    public void A_leader_whose_write_failed_appends_nothing_more()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Stall(1);
        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver(Lab.To(2));

        lab.FailDisk(1);
        Proposal second = lab.Propose(1, payload: 2);
        lab.Run(Lab.T * 3);

        Assert.Equal(ProposalRefusal.Stopped, second.Refusal);
        Assert.Equal(1UL, lab[2].Payload(write.Last.Index.Value));
        Assert.Equal(1UL, lab[3].Payload(write.Last.Index.Value));
    }

    // Node 1 holds two entries that nobody else has, and follows 3 in term 9.
    private static Lab StaleTail(out LogIndex agreed)
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        agreed = lab[1].Commit;
        lab.Isolate(1);
        lab.Propose(1, payload: 8);
        lab.Propose(1, payload: 9);
        lab.Inject(lab.Draft(MessageKind.Heartbeat, from: 3, to: 1, term: 9) with { Round = 1 });
        return lab;
    }
}
