namespace Graft.Consensus.Tests.Seeds;

/// <summary>The weak points of LogCabin, L16 of what was asked for.</summary>
public sealed class SeedDefects_LogCabin
{
    [Fact] // L16, #244: a member that was down kept every other from being added.
    public void A_dead_member_keeps_nobody_from_joining()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));
        lab.Crash(3);
        lab.Join(4);

        lab.Change(1, MembershipChange.None.Add(new NodeId(4)));
        lab.Run(Lab.T);

        Assert.Equal(Membership.Of(1, 2, 3, 4), lab[4].Membership);
    }

    [Fact] // L16, #210: from three members to one there were odd elections.
    public void From_three_members_to_one_nobody_else_stands()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));

        lab.Change(1, MembershipChange.None.Remove(new NodeId(2)).Remove(new NodeId(3)));
        lab.Run(Lab.T * 20);

        Assert.Equal((Role.Leader, new Term(2)), (lab[1].Role, lab[1].Term));
        Assert.Equal(Membership.Of(1), lab[1].Membership);
        Proposal write = lab.Propose(1, payload: 1);
        Assert.Equal(write.Last.Index, lab[1].Commit);
    }

    [Fact] // L16, #205: a removed leader started elections.
    public void A_leader_that_was_removed_does_not_stand_again()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Run(Lab.Ms(20));

        lab.Change(1, MembershipChange.None.Remove(new NodeId(1)));
        lab.Run(Lab.T);
        Assert.Equal(Membership.Of(2, 3), lab[2].Membership);
        int asked = lab.CountSent(MessageKind.PreVote, from: 1);
        Term term = lab.Leader!.Term;
        lab.Run(Lab.T * 20);

        Assert.Equal(asked, lab.CountSent(MessageKind.PreVote, from: 1));
        Assert.Equal(term, lab.Leader.Term);
    }

    [Fact] // L16: it had neither a transfer of leadership nor a pre-vote.
    public void Leadership_is_handed_over_by_request_and_a_lonely_node_raises_no_term()
    {
        var lab = new Lab(1, 2, 3);
        lab.Elect(1);
        lab.Transfer(1, 3);
        lab.Deliver();
        Assert.Equal(Role.Leader, lab[3].Role);

        lab.Isolate(2);
        Term term = lab[2].Term;
        lab.Run(Lab.T * 20);

        Assert.Equal(term, lab[2].Term);
    }
}
