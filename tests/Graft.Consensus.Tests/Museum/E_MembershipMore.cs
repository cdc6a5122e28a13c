using static Graft.Consensus.Tests.Museum.MembershipFacts;

namespace Graft.Consensus.Tests.Museum;

/// <summary>Exhibits E13 to E23: rolled back, carried on, caught up. docs/internals/museum.md is the catalogue.</summary>
public sealed class E_MembershipMore
{
    [Fact] // E13: a snapshot stored a configuration of above its end, whose entry was truncated later (canonical/raft#250).
    public void A_snapshot_carries_the_last_configuration_at_or_below_its_end()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Isolate(1);
        lab.Change(1, MembershipChange.None.Remove(N(2)));

        Assert.True(lab.Snapshot(1));
        Assert.Equal(Membership.Of(1, 2, 3), lab[1].Disk.Snapshot!.Snapshot.Membership);
        Assert.True(lab[1].Membership.IsJoint);

        lab.Crash(1);
        lab.Restart(1);
        Assert.True(lab[1].Membership.IsJoint);
        lab.Elect(3);
        lab.Heal();
        AssertConverges(lab);
        Assert.Equal(Membership.Of(1, 2, 3), lab[1].Membership);
    }

    [Fact] // E14: a truncated configuration stayed in force (NuRaft 306fe0f).
    public void A_configuration_goes_with_its_entry()
    {
        var lab = new Lab(1, 2, 3);
        lab.Join(4);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Isolate(1);
        lab.Change(1, MembershipChange.None.Add(N(4)));
        Assert.Equal(4, lab[1].Membership.Members.Length);

        lab.Elect(2);
        lab.Heal();
        lab.Run(Lab.T);

        Assert.Equal(Membership.Of(1, 2, 3), lab[1].Membership);
        AssertFolded(lab[1]);
    }

    [Fact] // E14: a new leader started from the committed configuration though its log held a newer one (NuRaft 81472da).
    public void A_new_leader_counts_the_uncommitted_configuration_of_its_log()
    {
        var lab = new Lab(Membership.Of([Voter(1), Voter(2), Voter(3), Learner(4), Learner(5)]));
        lab.Elect(1);
        lab.Run(Lab.Ms(100));
        lab.Hold(Lab.Of(MessageKind.AppendEntries));
        lab.Change(1, MembershipChange.None.Promote(N(4)).Promote(N(5)));
        lab.Release(Lab.To(2));
        lab.Deliver();
        lab.Crash(1);
        lab.DropInFlight(_ => true);
        lab.Release();

        // Of 1..5 it needs three; n1 and n3 are gone, so n2 asks n4 and n5 and still fails the old half.
        lab.Crash(3);
        lab.TimeOut(2);
        lab.Deliver();
        Assert.NotEqual(Role.Leader, lab[2].Role);
        Assert.Contains(lab.Log, message => message.Kind == MessageKind.PreVote && message.From == N(2) && message.To == N(5));

        lab.Restart(3);
        lab.Restart(1);
        AssertConverges(lab);
        Assert.Equal(Membership.Of(1, 2, 3, 4, 5), lab.Leader!.Membership);
    }

    [Theory] // E15: adding a server that can't be reached cost the quorum, and the change couldn't be undone (etcd#3477).
    [InlineData(1)]
    [InlineData(2)]
    public void A_node_that_cannot_be_reached_is_never_made_a_voter(int voters)
    {
        var lab = new Lab([.. Enumerable.Range(1, voters).Select(id => (ulong)id)]);
        lab.Elect(1);
        Assert.True(lab.Change(1, MembershipChange.None.Add(N(9))).IsAppended);
        lab.Run(Lab.T * 20);

        Assert.Equal(MemberRole.Joining, lab[1].Membership.Find(N(9))!.Value.Role);
        Proposal proposal = lab.Propose(1, payload: 1);
        lab.Run(Lab.Ms(20));
        Assert.Equal(proposal.Last.Index, lab[1].Commit);

        Assert.True(lab.Change(1, MembershipChange.None.Remove(N(9))).IsAppended);
        lab.Run(Lab.Ms(20));
        Assert.False(lab[1].Membership.Contains(N(9)));
    }

    [Fact] // E17: a second change was accepted before the first was committed (redis-raft#17).
    public void One_change_at_a_time()
    {
        var lab = new Lab(1, 2, 3, 4, 5);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        LogIndex expected = lab[1].Core.MembershipIndex;
        lab.Hold(Lab.Of(MessageKind.AppendEntriesReply));
        Assert.True(lab.Change(1, MembershipChange.None.Remove(N(5))).IsAppended);
        Assert.Equal(MembershipRefusal.ChangeInProgress, lab.Change(1, MembershipChange.None.Remove(N(4))).Refusal);
        lab.Deliver();
        Assert.Equal(MembershipRefusal.ChangeInProgress, lab.Change(1, MembershipChange.None.Remove(N(4))).Refusal);

        lab.Release();
        lab.Deliver();
        MembershipProposal late = lab[1].Core.ProposeMembership(MembershipChange.None.Remove(N(4)), expected, lab[1].Clock.Read(lab.Now));
        Assert.Equal(MembershipRefusal.IndexMismatch, late.Refusal);
        Assert.True(lab.Change(1, MembershipChange.None.Remove(N(4))).IsAppended);
        AssertConverges(lab);
    }

    [Fact] // E19: a learner was promoted by what it had reported before it was wiped (d-engine#431).
    public void What_a_learner_showed_before_it_fell_silent_promotes_nobody()
    {
        var lab = new Lab(Membership.Of([Voter(1), Voter(2), Voter(3), Learner(4)]));
        lab.Elect(1);
        lab.Run(Lab.Ms(100));

        // A wiped disk is another node, so the old name falls silent.
        lab.Wipe(4, newId: 14);
        lab.Run(Lab.T);
        Assert.Equal(MembershipRefusal.NotCaughtUp, lab.Change(1, MembershipChange.None.Promote(N(4))).Refusal);
        Assert.Equal(MembershipRefusal.NotMember, lab.Change(1, MembershipChange.None.Promote(N(14))).Refusal);
    }

    [Fact] // E19: and neither does what it showed in an earlier life.
    public void A_restarted_learner_shows_anew_that_it_keeps_up()
    {
        var lab = new Lab(Membership.Of([Voter(1), Voter(2), Voter(3), Learner(4)]));
        lab.Elect(1);
        lab.Run(Lab.Ms(100));
        lab.Crash(4);
        lab.Restart(4);
        lab.Hold(message => message.Kind == MessageKind.AppendEntriesReply && message.From == N(4));
        lab.Run(Lab.Ms(200));

        Assert.Equal(MembershipRefusal.NotCaughtUp, lab.Change(1, MembershipChange.None.Promote(N(4))).Refusal);

        lab.Release();
        lab.Run(Lab.Ms(200));
        Assert.True(lab.Change(1, MembershipChange.None.Promote(N(4))).IsAppended);
    }

    [Fact] // E20: the search for the newest configuration returned a wrong one (openraft 30058c03, c8fccb22).
    public void The_configuration_at_an_index_is_the_one_a_linear_scan_finds()
    {
        var random = new SeededRandom(20);
        var all = new List<(ulong Index, Membership Membership)> { (0, Membership.Empty) };
        var log = new MembershipLog(LogIndex.Zero, Membership.Empty);
        ulong last = 0;
        ulong start = 0;
        for (int step = 0; step < 10_000; step++)
        {
            int what = random.Next(0, 10);
            if (what < 6)
            {
                last += (ulong)random.Next(0, 8) + 1;
                all.Add((last, Membership.Of((ulong)random.Next(0, 5) + 1)));
                log.Append(new LogIndex(last), all[^1].Membership);
            }
            else if (what < 8)
            {
                last = Math.Max(start, last - Math.Min(last, (ulong)random.Next(0, 20)));
                log.TruncateAfter(new LogIndex(last));
                all.RemoveAll(entry => entry.Index > last);
            }
            else
            {
                start = Math.Min(last, start + (ulong)random.Next(0, 40));
                log.CompactTo(new LogIndex(start));
                all.RemoveRange(0, all.FindLastIndex(entry => entry.Index <= start));
            }

            ulong at = start + (ulong)random.Next(0, (int)(last - start) + 1);
            (ulong Index, Membership Membership) expected = all.FindLast(entry => entry.Index <= at);
            Assert.Equal(expected.Membership, log.At(new LogIndex(at), out LogIndex appendedAt));
            Assert.Equal(expected.Index, appendedAt.Value);
            Assert.Equal(all.Count(entry => entry.Index > at), log.CountAbove(new LogIndex(at)));
            bool isFound = log.TryFindFrom(new LogIndex(at + 1), out LogIndex found, out _);
            Assert.Equal(all.Find(entry => entry.Index > at).Index, isFound ? found.Value : 0);
        }
    }

    [Fact] // E21: a snapshot that made a voter a learner was refused by it (etcd 2f28e8a).
    public void A_node_takes_the_snapshot_that_says_it_is_a_learner_now()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);
        lab.Change(1, MembershipChange.None.Remove(N(3)));
        lab.Run(Lab.Ms(20));
        Assert.True(lab.Change(1, MembershipChange.None.AddLearner(N(3))).IsAppended);
        lab.Run(Lab.Ms(20));
        Assert.True(lab.Snapshot(1));

        lab.Heal();
        lab.Run(Lab.T * 2);

        Assert.Equal(lab[1].State, lab[3].State);
        Assert.Equal(MemberRole.Learner, lab[3].Membership.Find(N(3))!.Value.Role);
    }

    [Fact] // E22: a new node met old configurations without itself while it caught up, and left (jraft#940).
    public void A_node_that_joins_reads_the_old_configurations_without_taking_them_to_heart()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        for (int i = 0; i < 500; i++)
        {
            Assert.True(lab.Change(1, MembershipChange.None.AddLearner(N(9))).IsAppended);
            lab.Deliver();
            Assert.True(lab.Change(1, MembershipChange.None.Remove(N(9))).IsAppended);
            lab.Deliver();
        }

        lab.Join(4);
        Assert.True(lab.Change(1, MembershipChange.None.Add(N(4))).IsAppended);
        lab.Run(Lab.T * 2);

        Assert.Equal(Membership.Of(1, 2, 3, 4), lab[4].Membership);
        Assert.Equal(lab[1].State, lab[4].State);
    }

    [Fact] // E23: a demoted leader took the one voter left for itself, and committed alone (RedisLabs/raft 99e3d4a).
    public void A_demoted_leader_commits_nothing_without_the_voter_that_is_left()
    {
        var lab = new Lab(1, 2);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        LogIndex before = lab[1].Commit;
        lab.Hold(Lab.Of(MessageKind.AppendEntries));
        Assert.True(lab.Change(1, MembershipChange.None.Demote(N(1))).IsAppended);
        lab.Propose(1, payload: 1);
        lab.Run(Lab.Ms(200));
        Assert.Equal(before, lab[1].Commit);

        // Joint is over, the demotion in force: n1 leads for the moment, and only n2 counts.
        lab.Release(Lab.To(2));
        lab.Deliver();
        Assert.False(lab[1].Membership.IsVoter(N(1)));
        lab.Propose(1, payload: 2);
        lab.Deliver();
        Assert.True(lab[1].Commit <= lab[2].Last.Index);

        lab.Release();
        AssertConverges(lab);
        Assert.Equal(N(2), lab.Leader!.Id);
    }
}
