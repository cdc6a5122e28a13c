namespace Graft.Consensus.Tests.Units;

public sealed class MembershipTests
{
    private static readonly NodeId Voter = new(1);
    private static readonly NodeId Learner = new(4);
    private static readonly NodeId Joining = new(5);
    private static readonly NodeId Witness = new(6);
    private static readonly NodeId Stranger = new(9);

    [Theory] // every verb on every role
    [InlineData(MembershipVerb.Add, 1, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.Add, 4, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.Add, 5, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.Add, 6, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.Add, 9, MembershipRefusal.None)]
    [InlineData(MembershipVerb.AddLearner, 1, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.AddLearner, 4, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.AddLearner, 5, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.AddLearner, 6, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.AddLearner, 9, MembershipRefusal.None)]
    [InlineData(MembershipVerb.AddWitness, 1, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.AddWitness, 4, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.AddWitness, 5, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.AddWitness, 6, MembershipRefusal.AlreadyMember)]
    [InlineData(MembershipVerb.AddWitness, 9, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Promote, 1, MembershipRefusal.NotLearner)]
    [InlineData(MembershipVerb.Promote, 4, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Promote, 5, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Promote, 6, MembershipRefusal.NotLearner)]
    [InlineData(MembershipVerb.Promote, 9, MembershipRefusal.NotMember)]
    [InlineData(MembershipVerb.Demote, 1, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Demote, 4, MembershipRefusal.NotVoter)]
    [InlineData(MembershipVerb.Demote, 5, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Demote, 6, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Demote, 9, MembershipRefusal.NotMember)]
    [InlineData(MembershipVerb.Remove, 1, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Remove, 4, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Remove, 5, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Remove, 6, MembershipRefusal.None)]
    [InlineData(MembershipVerb.Remove, 9, MembershipRefusal.NotMember)]
    public void A_verb_takes_the_roles_that_it_makes_sense_for(MembershipVerb verb, ulong node, MembershipRefusal refusal)
    {
        Assert.Equal(refusal, Mixed().TryChange(Edit(verb, new NodeId(node)), out Membership next));
        Assert.Equal(refusal != MembershipRefusal.None, Mixed().Equals(next));
    }

    [Fact]
    public void A_new_member_listens_before_it_votes()
    {
        Membership next = Changed(Membership.Of(1, 2, 3), MembershipChange.None.Add(Stranger).AddLearner(Learner).AddWitness(Witness));

        Assert.False(next.IsJoint);
        Assert.Equal(new Member(Stranger, MemberRole.Joining), next.Find(Stranger));
        Assert.Equal(new Member(Learner, MemberRole.Learner), next.Find(Learner));
        Assert.Equal(new Member(Witness, MemberRole.Joining, IsWitness: true), next.Find(Witness));
        Assert.Equal(Ids(1, 2, 3), next.IncomingVoters.ToArray());
    }

    [Fact] // thesis §4.3
    public void A_change_of_voters_passes_through_a_joint_phase()
    {
        Membership joint = Changed(Mixed(), MembershipChange.None.Promote(Learner));

        Assert.True(joint.IsJoint);
        Assert.Equal(Ids(1, 2, 3, 4, 6), joint.IncomingVoters.ToArray());
        Assert.Equal(Ids(1, 2, 3, 6), joint.OutgoingVoters.ToArray());
        Assert.Equal(new JointQuorum(new MajorityQuorum(5), new MajorityQuorum(4)), joint.Quorum);
    }

    [Fact]
    public void A_removed_voter_votes_in_the_old_half_until_the_joint_phase_ends()
    {
        Membership joint = Changed(Membership.Of(1, 2, 3), MembershipChange.None.Remove(new NodeId(3)));

        Assert.Equal(new Member(new NodeId(3), MemberRole.Leaving, VotesInOutgoing: true), joint.Find(new NodeId(3)));
        Assert.True(joint.IsVoter(new NodeId(3)));
        Assert.Equal(Membership.Of(1, 2), joint.LeaveJoint());
    }

    [Fact]
    public void A_demoted_voter_votes_in_the_old_half_and_then_listens()
    {
        Membership joint = Changed(Membership.Of(1, 2, 3), MembershipChange.None.Demote(new NodeId(3)));

        Assert.Equal(new Member(new NodeId(3), MemberRole.Learner, VotesInOutgoing: true), joint.Find(new NodeId(3)));
        Assert.Equal(new Member(new NodeId(3), MemberRole.Learner), joint.LeaveJoint().Find(new NodeId(3)));
    }

    [Fact] // thesis §4.3: any number at once
    public void All_voters_can_be_replaced_in_one_step()
    {
        Membership members = With(
            [.. Enumerable.Range(1, 6).Select(id => new Member(new NodeId((ulong)id), id <= 3 ? MemberRole.Voter : MemberRole.Learner))]);
        MembershipChange change = MembershipChange.None
            .Promote(new(4)).Promote(new(5)).Promote(new(6)).Remove(new(1)).Remove(new(2)).Demote(new(3));

        Membership joint = Changed(members, change);

        Assert.Equal(Ids(4, 5, 6), joint.IncomingVoters.ToArray());
        Assert.Equal(Ids(1, 2, 3), joint.OutgoingVoters.ToArray());
        Assert.Equal(Ids(3, 4, 5, 6), joint.LeaveJoint().Members.ToArray().Select(member => member.Id));
    }

    [Fact]
    public void A_change_among_learners_needs_no_joint_phase()
    {
        Membership next = Changed(Mixed(), MembershipChange.None.Remove(Learner).Demote(Joining).AddLearner(Stranger));

        Assert.False(next.IsJoint);
        Assert.Equal(MemberRole.Learner, next.Find(Joining)!.Value.Role);
    }

    [Fact]
    public void Somebody_who_stores_payloads_always_votes()
    {
        Assert.Equal(MembershipRefusal.NoVoterLeft, Membership.Of(1).TryChange(MembershipChange.None.Remove(Voter), out _));
        Assert.Equal(MembershipRefusal.NoVoterLeft, Membership.Of(1).TryChange(MembershipChange.None.Demote(Voter), out _));

        Membership withWitness = With(
            [new(new NodeId(1), MemberRole.Voter), new(new NodeId(2), MemberRole.Voter), new(Witness, MemberRole.Voter, IsWitness: true)]);
        MembershipChange both = MembershipChange.None.Remove(new NodeId(1)).Remove(new NodeId(2));
        Assert.Equal(MembershipRefusal.NoVoterLeft, withWitness.TryChange(both, out _));
    }

    [Theory] // those who leave count until they have left
    [InlineData(1023, 1, MembershipRefusal.None)]
    [InlineData(1024, 1, MembershipRefusal.TooManyMembers)]
    [InlineData(1023, 2, MembershipRefusal.TooManyMembers)]
    public void A_configuration_has_its_most_members(int voters, int more, MembershipRefusal expected)
    {
        Membership full = Membership.Of([.. Enumerable.Range(1, voters).Select(id => (ulong)id)]);
        MembershipChange change = Enumerable.Range(5000, more)
            .Aggregate(MembershipChange.None.Remove(new NodeId(1)), (all, id) => all.AddLearner(new NodeId((ulong)id)));

        Assert.Equal(expected, full.TryChange(change, out Membership next));
        Assert.True(next.Members.Length <= Membership.MembersMax);
    }

    [Theory] // voters with payloads, witnesses already voting; one more witness comes in as a voter
    [InlineData(1, 0, MembershipRefusal.None)]
    [InlineData(2, 0, MembershipRefusal.None)]
    [InlineData(2, 1, MembershipRefusal.None)]
    [InlineData(1, 1, MembershipRefusal.TooManyWitnesses)]
    [InlineData(3, 1, MembershipRefusal.None)]
    [InlineData(3, 2, MembershipRefusal.None)]
    [InlineData(2, 2, MembershipRefusal.TooManyWitnesses)]
    public void Witnesses_alone_never_make_a_quorum(int full, int witnesses, MembershipRefusal refusal)
    {
        IEnumerable<Member> voters = Enumerable.Range(1, full + witnesses)
            .Select(id => new Member(new NodeId((ulong)id), MemberRole.Voter, IsWitness: id > full));
        Membership members = With([.. voters, new Member(Stranger, MemberRole.Joining, IsWitness: true)]);

        Assert.Equal(refusal, members.TryChange(MembershipChange.None.Promote(Stranger), out _));
    }

    [Fact]
    public void Witnesses_do_not_become_a_quorum_when_others_go()
    {
        Membership members = With(
            [new(new NodeId(1), MemberRole.Voter), new(new NodeId(2), MemberRole.Voter), new(new NodeId(3), MemberRole.Voter),
             new(new NodeId(4), MemberRole.Voter, IsWitness: true), new(new NodeId(5), MemberRole.Voter, IsWitness: true)]);

        MembershipChange one = MembershipChange.None.Remove(new NodeId(3));

        Assert.Equal(MembershipRefusal.None, members.TryChange(one, out _));
        Assert.Equal(MembershipRefusal.TooManyWitnesses, members.TryChange(one.Remove(new NodeId(2)), out _));
    }

    [Fact]
    public void One_node_has_one_line()
    {
        MembershipChange twice = MembershipChange.None.Add(Stranger).Remove(Stranger);

        Assert.Equal(MembershipRefusal.EditedTwice, Mixed().TryChange(twice, out _));
    }

    [Fact]
    public void A_change_that_changes_nothing_is_refused() =>
        Assert.Equal(MembershipRefusal.NothingToChange, Mixed().TryChange(MembershipChange.None, out _));

    [Fact]
    public void A_joint_configuration_cannot_be_changed_and_another_cannot_be_left()
    {
        Membership joint = Changed(Membership.Of(1, 2, 3), MembershipChange.None.Remove(Voter));

        Assert.Throws<InvariantViolationException>(() => joint.TryChange(MembershipChange.None.Add(Stranger), out _));
        Assert.Throws<InvariantViolationException>(() => Membership.Of(1, 2, 3).LeaveJoint());
    }

    [Fact]
    public void Configurations_are_equal_if_their_members_are_in_any_order()
    {
        Assert.Equal(Membership.Of(1, 2, 3), Membership.Of(3, 1, 2));
        Assert.Equal(Membership.Of(1, 2, 3).GetHashCode(), Membership.Of(3, 1, 2).GetHashCode());
        Assert.NotEqual(Membership.Of(1, 2, 3), Membership.Of(1, 2));
        Assert.NotEqual(Membership.Of(1), With([new(Voter, MemberRole.Learner)]));
        Assert.NotEqual(Membership.Of(1), With([new(Voter, MemberRole.Voter, IsWitness: true)]));
        Assert.NotEqual(Membership.Of(1), With([new(Voter, MemberRole.Voter, VotesInOutgoing: true)]));
        Assert.False(Membership.Of(1).Equals((object)"n1:voter"));
    }

    [Fact]
    public void A_member_is_named_once_and_leaves_only_with_an_old_vote()
    {
        Assert.Throws<ArgumentException>(() => Membership.Of(1, 2, 1));
        Assert.Throws<ArgumentException>(() => With([new(Voter, MemberRole.Leaving)]));
    }

    [Fact] // the id zero is a node like any other
    public void Node_zero_is_a_member_and_nobody_is_none()
    {
        Assert.True(Membership.Of(0, 1).IsVoter(new NodeId(0)));
        Assert.False(Membership.Of(1, 2).Contains(new NodeId(0)));
        Assert.Null(Membership.Empty.Find(new NodeId(0)));
    }

    // Three voters, a learner, one that joins, and a witness that votes.
    private static Membership Mixed() => With(
        [new(Voter, MemberRole.Voter), new(new NodeId(2), MemberRole.Voter), new(new NodeId(3), MemberRole.Voter),
         new(Learner, MemberRole.Learner), new(Joining, MemberRole.Joining), new(Witness, MemberRole.Voter, IsWitness: true)]);

    private static Membership With(Member[] members) => Membership.Of(members);

    private static Membership Changed(Membership members, MembershipChange change)
    {
        Assert.Equal(MembershipRefusal.None, members.TryChange(change, out Membership next));
        return next;
    }

    private static MembershipChange Edit(MembershipVerb verb, NodeId node) => verb switch
    {
        MembershipVerb.Add => MembershipChange.None.Add(node),
        MembershipVerb.AddLearner => MembershipChange.None.AddLearner(node),
        MembershipVerb.AddWitness => MembershipChange.None.AddWitness(node),
        MembershipVerb.Promote => MembershipChange.None.Promote(node),
        MembershipVerb.Demote => MembershipChange.None.Demote(node),
        MembershipVerb.Remove => MembershipChange.None.Remove(node),
    };

    private static NodeId[] Ids(params ulong[] ids) => [.. ids.Select(id => new NodeId(id))];
}
