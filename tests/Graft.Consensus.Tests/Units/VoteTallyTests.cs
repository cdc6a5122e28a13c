namespace Graft.Consensus.Tests.Units;

public sealed class VoteTallyTests
{
    [Fact]
    public void A_repeated_answer_counts_once_and_the_first_one_stands()
    {
        VoteTally tally = Tally(yes: [1], no: [2]);
        tally.Note(new NodeId(1), granted: true);
        tally.Note(new NodeId(2), granted: true);

        Assert.Equal((2, 1), (tally.Answers, tally.Grants));
        Assert.Equal(QuorumOutcome.Pending, tally.Outcome(Membership.Of(1, 2, 3)));
    }

    [Theory]
    [InlineData(new ulong[] { 1, 2 }, new ulong[] { }, QuorumOutcome.Won)]
    [InlineData(new ulong[] { 1 }, new ulong[] { 2 }, QuorumOutcome.Pending)]
    [InlineData(new ulong[] { 1 }, new ulong[] { 2, 3 }, QuorumOutcome.Lost)]
    [InlineData(new ulong[] { 1, 8, 9 }, new ulong[] { }, QuorumOutcome.Pending)]
    [InlineData(new ulong[] { 1 }, new ulong[] { 7, 8, 9 }, QuorumOutcome.Pending)]
    public void Only_voters_are_counted(ulong[] yes, ulong[] no, QuorumOutcome outcome)
    {
        Membership members = With(
            [Voter(1), Voter(2), Voter(3), new(new NodeId(8), MemberRole.Learner), new(new NodeId(9), MemberRole.Joining)]);

        Assert.Equal(outcome, Tally(yes, no).Outcome(members));
    }

    [Fact] // thesis §4.3, against counting each half by hand
    public void A_joint_election_takes_a_majority_of_each_half()
    {
        Membership members = Replacing();

        // Three to the power of the five voters of both halves: silent, yes or no.
        for (int answers = 0; answers < 243; answers++)
        {
            int[] of = [answers % 3, answers / 3 % 3, answers / 9 % 3, answers / 27 % 3, answers / 81];
            VoteTally tally = Tally(
                [.. Enumerable.Range(0, 5).Where(i => of[i] == 1).Select(i => (ulong)i + 1)],
                [.. Enumerable.Range(0, 5).Where(i => of[i] == 2).Select(i => (ulong)i + 1)]);

            QuorumOutcome oldHalf = Outcome(of[0], of[1], of[2]);
            QuorumOutcome newHalf = Outcome(of[0], of[3], of[4]);

            Assert.Equal(JointQuorum.Both(oldHalf, newHalf), tally.Outcome(members));
        }
    }

    [Fact]
    public void Nobody_is_elected_by_nobody() =>
        Assert.Throws<InvariantViolationException>(() => new VoteTally().Outcome(Membership.Empty));

    // On the way from {1, 2, 3} to {1, 4, 5}.
    private static Membership Replacing()
    {
        Membership withLearners = With(
            [Voter(1), Voter(2), Voter(3), new(new NodeId(4), MemberRole.Learner), new(new NodeId(5), MemberRole.Learner)]);
        MembershipChange change = MembershipChange.None
            .Promote(new NodeId(4)).Promote(new NodeId(5)).Remove(new NodeId(2)).Remove(new NodeId(3));
        Assert.Equal(MembershipRefusal.None, withLearners.TryChange(change, out Membership joint));
        return joint;
    }

    private static QuorumOutcome Outcome(params int[] answers) =>
        new MajorityQuorum(3).Outcome(answers.Count(answer => answer == 1), answers.Count(answer => answer == 2));

    private static Membership With(Member[] members) => Membership.Of(members);

    private static Member Voter(ulong id) => new(new NodeId(id), MemberRole.Voter);

    private static VoteTally Tally(ulong[] yes, ulong[] no)
    {
        var tally = new VoteTally();
        foreach (ulong voter in yes)
        {
            tally.Note(new NodeId(voter), granted: true);
        }

        foreach (ulong voter in no)
        {
            tally.Note(new NodeId(voter), granted: false);
        }

        return tally;
    }
}
