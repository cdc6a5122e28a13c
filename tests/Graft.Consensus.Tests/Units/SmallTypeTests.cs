namespace Graft.Consensus.Tests.Units;

/// <summary>Types of a page or less, each with the rule that it owns.</summary>
public sealed class SmallTypeTests
{
    [Fact] // thesis §3.6.1: were it no total order, two logs could refuse each other for ever
    public void Being_as_up_to_date_is_a_total_order()
    {
        EntryId[] all = [.. from term in Enumerable.Range(0, 5) from index in Enumerable.Range(0, 5) select EntryId.Of((ulong)term, (ulong)index)];

        foreach (EntryId a in all)
        {
            foreach (EntryId b in all)
            {
                Assert.True(a.IsAtLeastAsUpToDateAs(b) || b.IsAtLeastAsUpToDateAs(a));
                Assert.Equal(a == b, a.IsAtLeastAsUpToDateAs(b) && b.IsAtLeastAsUpToDateAs(a));
                Assert.Equal((a.Term.Value, a.Index.Value).CompareTo((b.Term.Value, b.Index.Value)) >= 0, a.IsAtLeastAsUpToDateAs(b));
                foreach (EntryId c in all.Where(c => a.IsAtLeastAsUpToDateAs(b) && b.IsAtLeastAsUpToDateAs(c)))
                {
                    Assert.True(a.IsAtLeastAsUpToDateAs(c));
                }
            }
        }
    }

    [Theory]
    [InlineData(0, 10, 10)]
    [InlineData(-5, 10, 5)]
    [InlineData(long.MaxValue - 9, 10, long.MaxValue)]
    [InlineData(long.MaxValue - 10, 10, long.MaxValue)]
    [InlineData(long.MaxValue, long.MaxValue, long.MaxValue)]
    [InlineData(long.MinValue, long.MaxValue, -1)]
    [InlineData(long.MinValue, 0, long.MinValue)]
    public void An_instant_plus_a_span_stops_at_never(long instant, long span, long sum) =>
        Assert.Equal(new Instant(sum), new Instant(instant) + new TimeSpan(span));

    [Theory]
    [InlineData(7, 3, 4)]
    [InlineData(3, 7, -4)]
    [InlineData(long.MaxValue, long.MinValue, long.MaxValue)]
    [InlineData(long.MinValue, long.MaxValue, long.MinValue)]
    [InlineData(long.MinValue, long.MinValue, 0)]
    [InlineData(0, long.MinValue, long.MaxValue)]
    [InlineData(-1, long.MinValue, long.MaxValue)]
    [InlineData(-2, long.MaxValue, long.MinValue)]
    public void The_distance_of_instants_stops_at_the_longest_span(long left, long right, long distance) =>
        Assert.Equal(new TimeSpan(distance), new Instant(left) - new Instant(right));

    [Fact]
    public void Time_is_never_added_backwards() =>
        Assert.Throws<InvariantViolationException>(() => new Instant(5) + TimeSpan.FromTicks(-1));

    [Fact]
    public void The_earlier_and_the_later_of_two_instants_are_what_they_say()
    {
        Assert.Equal(new Instant(1), Instant.Earlier(new Instant(1), Instant.Never));
        Assert.Equal(Instant.Never, Instant.Later(new Instant(1), Instant.Never));
        Assert.Equal(Instant.DistantPast, Instant.Earlier(Instant.DistantPast, new Instant(0)));
    }

    [Fact]
    public void Nothing_lies_before_index_zero() =>
        Assert.Throws<OverflowException>(() => LogIndex.Zero.Previous);

    [Fact]
    public void The_distance_of_indexes_is_the_number_of_entries_between()
    {
        Assert.Equal(3UL, new LogIndex(8) - new LogIndex(5));
        Assert.Throws<OverflowException>(() => new LogIndex(5) - new LogIndex(8));
    }

    [Fact] // a false condition names itself and both values
    public void A_broken_invariant_tells_what_broke_and_with_which_values()
    {
        var left = new LogIndex(4);
        var right = new LogIndex(2);

        InvariantViolationException broken = Assert.Throws<InvariantViolationException>(() => Invariant.Check(left < right, left, right));

        Assert.Contains("left < right (left = 4, right = 2)", broken.Message, StringComparison.Ordinal);
    }

    [Fact] // thesis §6.4: the number of a round is never used again
    public void Rounds_rise_and_remember_when_they_began()
    {
        var rounds = new Rounds();
        for (ulong round = 1; round <= 200; round++)
        {
            Assert.Equal(round, rounds.Start(new Instant((long)round * 10)));
        }

        Assert.Equal(new Instant(2000), rounds.StartedAt(200));
        Assert.Equal(new Instant(1370), rounds.StartedAt(137));
        Assert.Equal(Instant.DistantPast, rounds.StartedAt(136));
        Assert.Equal(Instant.DistantPast, rounds.StartedAt(0));
    }

    [Fact]
    public void Before_the_first_round_nothing_has_begun() =>
        Assert.Equal(Instant.DistantPast, new Rounds().StartedAt(0));
}
