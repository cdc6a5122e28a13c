namespace Graft.Consensus.Tests.Units;

/// <summary>A seed that failed once has to fail for ever, so the numbers themselves are the contract.</summary>
public sealed class SeededRandomTests
{
    [Theory] // xoshiro256** seeded through SplitMix64, as published
    [InlineData(0, new ulong[] { 0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0, 0x6AA594F1262D2D2C })]
    [InlineData(1, new ulong[] { 0xB3F2AF6D0FC710C5, 0x853B559647364CEA, 0x92F89756082A4514, 0x642E1C7BC266A3A7 })]
    public void A_seed_gives_the_same_numbers_for_ever(ulong seed, ulong[] expected)
    {
        var random = new SeededRandom(seed);

        Assert.Equal(expected, expected.Select(_ => random.NextUInt64()));
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(7UL)]
    [InlineData(1UL << 63)]
    [InlineData(ulong.MaxValue)]
    public void A_number_lies_below_its_bound(ulong bound)
    {
        var random = new SeededRandom(3);

        Assert.All(Enumerable.Range(0, 10_000), _ => Assert.True(random.NextBelow(bound) < bound));
    }

    [Fact]
    public void Every_number_of_a_small_range_comes_about_equally_often()
    {
        var random = new SeededRandom(9);
        int[] counts = new int[5];
        for (int i = 0; i < 50_000; i++)
        {
            counts[random.Next(-2, 2) + 2]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 9_500, 10_500));
    }

    [Fact]
    public void The_whole_range_of_int_can_be_asked_for()
    {
        var random = new SeededRandom(4);
        int[] drawn = [.. Enumerable.Range(0, 100).Select(_ => random.Next(int.MinValue, int.MaxValue))];

        Assert.Contains(drawn, number => number < int.MinValue / 2);
        Assert.Contains(drawn, number => number > int.MaxValue / 2);
    }

    [Fact]
    public void A_span_lies_in_its_half_open_range()
    {
        var random = new SeededRandom(6);
        TimeSpan[] drawn = [.. Enumerable.Range(0, 1000).Select(_ => random.Next(new TimeSpan(10), new TimeSpan(13)))];

        Assert.Equal([10L, 11L, 12L], drawn.Select(span => span.Ticks).Distinct().Order());
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1000, 10_000, 10_000)]
    [InlineData(-5, 0, 0)]
    [InlineData(2000, 10_000, 10_000)]
    [InlineData(250, 2_300, 2_700)]
    public void A_chance_is_counted_in_thousandths(int perMille, int least, int most)
    {
        var random = new SeededRandom(8);

        Assert.InRange(Enumerable.Range(0, 10_000).Count(_ => random.Chance(perMille)), least, most);
    }

    [Fact]
    public void A_fork_draws_once_from_its_parent_and_then_never_again()
    {
        var parent = new SeededRandom(11);
        var twin = new SeededRandom(11);

        SeededRandom child = parent.Fork();
        twin.NextUInt64();
        _ = Enumerable.Range(0, 100).Select(_ => child.NextUInt64()).Sum(number => (decimal)number);

        Assert.Equal(twin.NextUInt64(), parent.NextUInt64());
        Assert.NotEqual(new SeededRandom(11).NextUInt64(), new SeededRandom(11).Fork().NextUInt64());
    }

    [Fact]
    public void Nothing_lies_in_an_empty_range()
    {
        var random = new SeededRandom(2);

        Assert.Throws<InvariantViolationException>(() => random.NextBelow(0));
        Assert.Throws<InvariantViolationException>(() => random.Next(3, 2));
        Assert.Throws<InvariantViolationException>(() => random.Next(TimeSpan.Zero, TimeSpan.Zero));
    }
}
