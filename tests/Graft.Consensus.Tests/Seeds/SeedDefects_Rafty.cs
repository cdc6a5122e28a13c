namespace Graft.Consensus.Tests.Seeds;

/// <summary>The defects of "rafty", section 3.8 of what was asked for.</summary>
public sealed class SeedDefects_Rafty
{
    [Theory] // 3.8 (1): the leader wasn't counted among the voters, so the quorum of an even cluster was one too small.
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(5, 3)]
    [InlineData(6, 4)]
    public void A_quorum_is_more_than_half_of_all_voters(int voters, int size) =>
        Assert.Equal(size, new MajorityQuorum(voters).Size);

    [Fact] // 3.8 (1): two halves of four could each commit.
    public void Half_of_four_commits_nothing()
    {
        var lab = new Lab(1, 2, 3, 4);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Partition([1, 2], [3, 4]);
        Proposal write = lab.Propose(1, payload: 1);

        lab.Run(Lab.T * 10);

        Assert.True(lab[1].Commit < write.Last.Index);
        Assert.Null(lab.Leader);
    }

    [Fact] // 3.8 (2): a higher term alone won the vote, and committed entries were lost.
    public void A_higher_term_does_not_make_up_for_a_shorter_log()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);
        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();
        lab.Inject(lab.Draft(MessageKind.HeartbeatReply, from: 1, to: 3, term: 30));
        lab.Crash(1);
        lab.Heal();

        lab.Run(Lab.T * 10);

        Assert.Equal(lab[2], lab.Leader);
        Assert.Equal(1UL, lab[3].Payload(write.Last.Index.Value));
    }

    [Fact] // 3.8 (3): a candidate recorded no vote for itself, on disk neither.
    public void A_candidate_has_voted_for_itself_after_a_restart_too()
    {
        var lab = new Lab(1, 2, 3);
        lab.Hold(Lab.Of(MessageKind.RequestVote));
        lab.TimeOut(1);
        lab.Deliver();
        Assert.Equal(Role.Candidate, lab[1].Role);

        lab.Crash(1);
        lab.Restart(1);
        lab.Skip(Lab.T * 2);
        lab.Inject(lab.VoteRequest(from: 3, to: 1, term: 2));

        Assert.Equal((new Term(2), new NodeId(1)), (lab[1].Term, lab[1].VotedFor));
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 1).IsGranted);
    }

    [Fact] // 3.8 (4): the entry before the range was looked at in heartbeats only.
    public void An_append_behind_an_entry_that_is_not_there_is_refused()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        EntryId last = lab[2].Last;

        lab.Inject(lab.Draft(MessageKind.AppendEntries, from: 1, to: 2, term: 2) with
        {
            Entry = EntryId.Of(2, last.Index.Value + 3),
            Last = last.Index + 4,
            EntriesTerm = new Term(2),
        });

        Assert.Equal(last, lab[2].Last);
        Assert.Equal(MessageReason.LogMismatch, lab.LastSent(MessageKind.AppendEntriesReply, from: 2).Reason);
    }

    [Fact] // 3.8 (5): followers applied on append, and of a batch the first entry only.
    public void A_batch_is_applied_whole_and_not_before_it_is_committed()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Hold(Lab.To(1));
        lab[1].Host!.Propose([1, 2, 3, 4], 100, lab.Now);
        lab.Settle(lab[1]);
        lab.Deliver();
        Assert.Equal(lab[1].Last, lab[2].Last);
        Assert.True(lab[2].State.Applied + 4 == lab[2].Last.Index);

        lab.Release();
        lab.Run(Lab.Ms(20));

        Assert.All(lab.Nodes, node => Assert.Equal(node.Last.Index, node.State.Applied));
        Assert.All(lab.Nodes, node => Assert.Equal(lab[1].State, node.State));
    }

    [Fact] // 3.8 (6): a restart forgot who votes, who waits and who was demoted.
    public void A_restart_keeps_every_members_role()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Change(1, MembershipChange.None.Demote(new NodeId(3)).AddLearner(new NodeId(9)));
        lab.Run(Lab.Ms(200));
        Membership before = lab[1].Membership;
        Assert.False(before.IsVoter(new NodeId(3)));

        foreach (ulong id in (ulong[])[1, 2, 3])
        {
            lab.Crash(id);
            lab.Restart(id);
            Assert.Equal(before, lab[id].Membership);
        }

        lab.Run(Lab.T * 10);
        Assert.NotNull(lab.Leader);
        Assert.NotEqual(new NodeId(3), lab.Leader.Id);
    }

    [Fact] // 3.8 (7): after a change the leader was listed as none that votes.
    public void A_change_leaves_the_others_as_they_were()
    {
        var lab = new Lab(1, 2, 3, 4);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));

        lab.Change(1, MembershipChange.None.Demote(new NodeId(4)));
        lab.Run(Lab.Ms(200));
        Assert.Equal(Membership.Of(
        [
            new Member(new NodeId(1), MemberRole.Voter),
            new Member(new NodeId(2), MemberRole.Voter),
            new Member(new NodeId(3), MemberRole.Voter),
            new Member(new NodeId(4), MemberRole.Learner),
        ]), lab[2].Membership);
        lab.Change(1, MembershipChange.None.Remove(new NodeId(4)));
        lab.Run(Lab.Ms(200));

        Assert.Equal(Membership.Of(1, 2, 3), lab[2].Membership);
    }

    [Fact] // 3.8 (9): a linearizable read in single-server mode was never answered.
    public void A_single_node_confirms_its_reads()
    {
        var lab = new Lab(1);
        lab.Elect(1);

        ReadId linearizable = lab.Read(1);
        ReadId lease = lab.Read(1, ReadLevel.Lease);

        Assert.Equal(ReadOutcome.Confirmed, lab.ResultOf(linearizable)!.Value.Outcome);
        Assert.Equal(ReadOutcome.Confirmed, lab.ResultOf(lease)!.Value.Outcome);
    }

    [Fact] // 3.8 (14): the leader stood still while a new member caught up, and a member too slow was neither named nor removable.
    public void A_member_that_does_not_catch_up_holds_nobody_up()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Join(4);
        lab.Stall(4);
        lab.Change(1, MembershipChange.None.Add(new NodeId(4)));
        for (ulong payload = 0; payload < 40; payload++)
        {
            Proposal write = lab.Propose(1, payload);
            lab.Run(Lab.T * 0.6);
            Assert.True(lab[1].Commit >= write.Last.Index);
        }

        Assert.False(lab[1].Membership.IsVoter(new NodeId(4)));
        Assert.Equal(MembershipRefusal.NotCaughtUp, lab.Change(1, MembershipChange.None.Promote(new NodeId(4))).Refusal);
        Assert.True(lab.Change(1, MembershipChange.None.Remove(new NodeId(4))).IsAppended);
        lab.Run(Lab.T);
        Assert.Equal(Membership.Of(1, 2, 3), lab[1].Membership);
    }
}
