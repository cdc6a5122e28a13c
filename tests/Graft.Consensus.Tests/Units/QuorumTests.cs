namespace Graft.Consensus.Tests.Units;

/// <summary>Both quorums against the definition: try every subset that is more than half.</summary>
public sealed class QuorumTests
{
    private const int Values = 3;

    [Theory] // thesis §3.3; of an even number, half isn't a majority
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 0)]
    [InlineData(2, 2, 0)]
    [InlineData(3, 2, 1)]
    [InlineData(4, 3, 1)]
    [InlineData(5, 3, 2)]
    [InlineData(6, 4, 2)]
    [InlineData(7, 4, 3)]
    public void A_majority_is_more_than_half_of_all_voters(int voters, int size, int tolerance)
    {
        var quorum = new MajorityQuorum(voters);

        Assert.Equal((size, tolerance), (quorum.Size, quorum.Tolerance));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void What_a_majority_has_reached_is_the_best_that_some_majority_shares(int voters)
    {
        var quorum = new MajorityQuorum(voters);

        foreach (ulong[] reached in AllVectors(voters))
        {
            Assert.Equal(ReachedByDefinition(reached), quorum.Reached([.. reached]));
        }
    }

    [Theory]
    [InlineData(17)]
    [InlineData(40)]
    public void A_large_set_is_counted_like_a_small_one(int voters)
    {
        var random = new SeededRandom(5);
        for (int i = 0; i < 100; i++)
        {
            ulong[] reached = [.. Enumerable.Range(0, voters).Select(_ => random.NextBelow(1000))];
            ulong best = reached.Where(value => reached.Count(other => other >= value) > voters / 2).Max();

            Assert.Equal(best, new MajorityQuorum(voters).Reached([.. reached]));
        }
    }

    [Fact]
    public void The_empty_set_constrains_nothing()
    {
        var nobody = new MajorityQuorum(0);

        Assert.Equal(ulong.MaxValue, nobody.Reached([]));
        Assert.Equal(QuorumOutcome.Won, nobody.Outcome(0, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void A_vote_is_won_or_lost_when_the_missing_answers_cannot_change_it(int voters)
    {
        for (int granted = 0; granted <= voters; granted++)
        {
            for (int refused = 0; granted + refused <= voters; refused++)
            {
                bool wonAlready = granted * 2 > voters;
                bool winnable = (voters - refused) * 2 > voters;
                QuorumOutcome expected = wonAlready ? QuorumOutcome.Won : winnable ? QuorumOutcome.Pending : QuorumOutcome.Lost;

                Assert.Equal(expected, new MajorityQuorum(voters).Outcome(granted, refused));
            }
        }
    }

    [Fact] // thesis §4.3
    public void A_joint_quorum_has_reached_what_both_halves_have()
    {
        for (int incoming = 1; incoming <= 4; incoming++)
        {
            for (int outgoing = 0; outgoing <= 4; outgoing++)
            {
                var quorum = new JointQuorum(new MajorityQuorum(incoming), new MajorityQuorum(outgoing));
                foreach (ulong[] left in AllVectors(incoming))
                {
                    foreach (ulong[] right in AllVectors(outgoing))
                    {
                        ulong expected = Math.Min(ReachedByDefinition(left), ReachedByDefinition(right));

                        Assert.Equal(expected, quorum.Reached([.. left], [.. right]));
                    }
                }
            }
        }
    }

    [Theory] // thesis §4.3
    [InlineData(QuorumOutcome.Won, QuorumOutcome.Won, QuorumOutcome.Won)]
    [InlineData(QuorumOutcome.Won, QuorumOutcome.Pending, QuorumOutcome.Pending)]
    [InlineData(QuorumOutcome.Won, QuorumOutcome.Lost, QuorumOutcome.Lost)]
    [InlineData(QuorumOutcome.Pending, QuorumOutcome.Pending, QuorumOutcome.Pending)]
    [InlineData(QuorumOutcome.Pending, QuorumOutcome.Lost, QuorumOutcome.Lost)]
    [InlineData(QuorumOutcome.Lost, QuorumOutcome.Lost, QuorumOutcome.Lost)]
    public void A_joint_vote_needs_both_halves_and_is_lost_with_either(QuorumOutcome one, QuorumOutcome other, QuorumOutcome both)
    {
        Assert.Equal(both, JointQuorum.Both(one, other));
        Assert.Equal(both, JointQuorum.Both(other, one));
    }

    [Fact] // thesis §3.3: the property that all else rests on
    public void Any_two_majorities_share_a_voter()
    {
        for (int voters = 1; voters <= 7; voters++)
        {
            int size = new MajorityQuorum(voters).Size;

            Assert.True(size + size > voters);
        }
    }

    private static ulong ReachedByDefinition(ulong[] reached)
    {
        if (reached.Length == 0)
        {
            return ulong.MaxValue;
        }

        ulong best = 0;
        for (int subset = 0; subset < 1 << reached.Length; subset++)
        {
            ulong[] chosen = [.. reached.Where((_, voter) => (subset >> voter & 1) == 1)];
            if (chosen.Length * 2 > reached.Length)
            {
                best = Math.Max(best, chosen.Min());
            }
        }

        return best;
    }

    private static IEnumerable<ulong[]> AllVectors(int length)
    {
        int count = (int)Math.Pow(Values, length);
        for (int number = 0; number < count; number++)
        {
            ulong[] vector = new ulong[length];
            int rest = number;
            for (int i = 0; i < length; i++)
            {
                vector[i] = (ulong)(rest % Values);
                rest /= Values;
            }

            yield return vector;
        }
    }
}
