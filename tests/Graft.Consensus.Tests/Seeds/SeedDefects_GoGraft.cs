namespace Graft.Consensus.Tests.Seeds;

/// <summary>The defects of the Go "Graft", section 1.4 of what was asked for.</summary>
public sealed class SeedDefects_GoGraft
{
    [Fact] // 1.4 (1): the follower kept a conflicting suffix, and answered success.
    public void A_conflicting_suffix_is_replaced()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(1);
        lab.Propose(1, payload: 1);
        lab.Propose(1, payload: 1);
        lab.Elect(2);
        Proposal write = lab.Propose(2, payload: 2);
        lab.Deliver();

        lab.Heal();
        lab.Run(Lab.T);

        Assert.Equal(lab[2].Last, lab[1].Last);
        Assert.Equal(2UL, lab[1].Payload(write.Last.Index.Value));
    }

    [Fact] // 1.4 (2): a failed pre-vote made it forget the vote of the term it was in.
    public void A_failed_pre_vote_forgets_no_vote()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.TimeOut(2);
        lab.Inject(lab.Draft(MessageKind.PreVoteReply, from: 1, to: 2, term: 2) with
        {
            Reason = MessageReason.LogBehind,
            Sequence = lab.LastSent(MessageKind.PreVote, from: 2).Sequence,
        });
        lab.Inject(lab.Draft(MessageKind.PreVoteReply, from: 3, to: 2, term: 2) with
        {
            Reason = MessageReason.LogBehind,
            Sequence = lab.LastSent(MessageKind.PreVote, from: 2).Sequence,
        });
        Assert.Equal(Role.Follower, lab[2].Role);

        lab.Inject(lab.VoteRequest(from: 3, to: 2, term: 2) with { Entry = EntryId.Of(1, 99) });

        Assert.Equal(new NodeId(1), lab[2].VotedFor);
        Assert.False(lab.LastSent(MessageKind.RequestVoteReply, from: 2).IsGranted);
    }

    [Fact] // 1.4 (3): with three voters and an inactive peer, the leader and that peer committed.
    public void A_member_that_does_not_vote_completes_no_commit()
    {
        Lab lab = ThreeVotersAndALearner();
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Partition([1, 4], [2, 3]);

        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();

        Assert.Equal(write.Last, lab[4].Last);
        Assert.True(lab[1].Commit < write.Last.Index);
    }

    [Fact] // 1.4 (4): term, vote and entries were stored after the answer.
    public void What_is_answered_is_stored()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Stall(2);
        lab.Stall(3);

        Proposal write = lab.Propose(1, payload: 1);
        lab.Deliver();
        Assert.True(lab[1].Commit < write.Last.Index);
        lab.Resume(2);
        lab.Deliver();

        Assert.Equal(write.Last.Index, lab[1].Commit);
        Assert.Equal(write.Last, lab[2].Disk.Last);
    }

    [Fact] // 1.4 (5): a transfer that failed looked like one that succeeded.
    public void A_transfer_that_fails_says_so()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Isolate(3);

        Assert.Equal(TransferRefusal.None, lab.Transfer(1, 3));
        lab.Run(Lab.T * 2);

        Assert.Equal([new TransferResult(new NodeId(3), TransferOutcome.TimedOut)], lab.Transfers);
        Assert.True(lab.Propose(1, payload: 1).IsAppended);
    }

    [Fact] // 1.4 (6): a command on a leader that was deposed waited for ever, though it could still be committed.
    public void A_deposed_leader_can_tell_what_became_of_its_entry()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Isolate(1);
        Proposal lost = lab.Propose(1, payload: 1);

        lab.Elect(2);
        lab.Deliver();
        lab.Heal();
        lab.Run(Lab.T);

        Assert.True(lab[1].Commit >= lost.Last.Index);
        Assert.False(lab[1].Core.Log.Contains(lost.Last));
    }

    [Fact] // 1.4 (8): with each command the whole log was sent.
    public void A_follower_that_keeps_up_is_sent_what_is_new_and_no_more()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        for (ulong payload = 0; payload < 100; payload++)
        {
            lab.Propose(1, payload);
            lab.Deliver();
        }

        Assert.Equal(1UL, lab.LastSent(MessageKind.AppendEntries, from: 1).EntryCount);
        Assert.Equal(101, lab.Log.Count(Lab.Of(MessageKind.AppendEntries, from: 1, to: 2)));
    }

    internal static Lab ThreeVotersAndALearner() => new(Membership.Of(
    [
        new Member(new NodeId(1), MemberRole.Voter),
        new Member(new NodeId(2), MemberRole.Voter),
        new Member(new NodeId(3), MemberRole.Voter),
        new Member(new NodeId(4), MemberRole.Learner),
    ]));
}
