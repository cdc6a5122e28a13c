namespace Graft.Consensus.Tests.Units;

/// <summary>Windows, sizes and catching up, each against the plainest bookkeeping.</summary>
public sealed class FlowControlTests
{
    private static readonly TimeSpan T = TimeSpan.FromMilliseconds(500);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_window_counts_what_is_on_its_way(ulong seed)
    {
        var random = new SeededRandom(seed);
        var window = new Inflights(messagesMax: 20, bytesMax: 1000);
        var model = new List<(LogIndex Last, long Bytes)>();
        LogIndex last = LogIndex.Zero;

        for (int step = 0; step < 3000; step++)
        {
            switch (random.Next(0, 9))
            {
                case 0 when random.Chance(200):
                    window.Clear();
                    model.Clear();
                    break;
                case 1 or 2:
                    LogIndex match = last.Value < 5 ? LogIndex.Zero : new LogIndex(last.Value - random.NextBelow(5));
                    window.FreeThrough(match);
                    model.RemoveAll(append => append.Last <= match);
                    break;
                case 3 when model.Count > 0:
                    long clipped = random.Next(0, 50);
                    window.ClipNewest(last, clipped);
                    model[^1] = (last, clipped);
                    break;
                default:
                    if (!window.IsFull)
                    {
                        last = last.Next;
                        model.Add((last, random.Next(0, 200)));
                        window.Add(last, model[^1].Bytes);
                    }

                    break;
            }

            long bytes = model.Sum(append => append.Bytes);
            Assert.Equal((model.Count, bytes), (window.Count, window.Bytes));
            Assert.Equal(Math.Max(0, 1000 - bytes), window.BytesFree);
            Assert.Equal(model.Count >= 20 || bytes >= 1000, window.IsFull);
        }
    }

    [Fact]
    public void One_append_larger_than_the_window_may_go_and_nothing_after_it()
    {
        var window = new Inflights(messagesMax: 20, bytesMax: 1000);

        window.Add(new LogIndex(1), 5000);

        Assert.True(window.IsFull);
        Assert.Throws<InvariantViolationException>(() => window.Add(new LogIndex(2), 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sizes_of_the_newest_entries_add_up(ulong seed)
    {
        var random = new SeededRandom(seed);
        var start = new LogIndex(1000 + random.NextBelow(100));
        var sizes = new RecentSizes(64, start);
        var all = new List<long>();

        for (int step = 0; step < 300; step++)
        {
            all.Add(random.Next(0, 100));
            sizes.Append(all[^1]);
            LogIndex last = start + (ulong)all.Count;

            // As much as was promised is known, and what is known is right.
            ulong known = 0;
            while (known < (ulong)all.Count && sizes.Knows(new LogIndex(last.Value - known)))
            {
                known++;
            }

            Assert.True(known >= (ulong)Math.Min(all.Count, 63));
            Assert.False(sizes.Knows(last.Next));
            var from = new LogIndex(last.Value - random.NextBelow(known + 1));
            var to = new LogIndex(last.Value - random.NextBelow(last - from + 1));
            Assert.Equal(Sum(all, start, from, to), sizes.Between(from, to));
            AssertFits(sizes, all, start, from, to, random.Next(0, 800));
        }
    }

    [Fact]
    public void Sizes_from_before_this_leadership_are_not_known()
    {
        var sizes = new RecentSizes(16, new LogIndex(10));
        sizes.Append(7);

        Assert.False(sizes.Knows(new LogIndex(10)));
        Assert.True(sizes.Knows(new LogIndex(11)));
        Assert.Equal(7, sizes.Between(new LogIndex(3), new LogIndex(11)));
    }

    [Fact] // thesis §4.2.1: a round carries what the log held when it began
    public void A_learner_has_caught_up_when_a_round_takes_less_than_an_election_timeout()
    {
        var catchUp = new CatchUp(new LogIndex(100), new Instant(0));

        catchUp.Advance(new LogIndex(99), new LogIndex(150), new Instant(0) + T, T);
        Assert.Equal((0, false), (catchUp.Rounds, catchUp.IsDone));

        catchUp.Advance(new LogIndex(100), new LogIndex(150), new Instant(0) + T, T);
        Assert.Equal((1, false), (catchUp.Rounds, catchUp.IsDone));

        catchUp.Advance(new LogIndex(149), new LogIndex(200), new Instant(0) + (T * 1.5), T);
        Assert.False(catchUp.IsDone);

        catchUp.Advance(new LogIndex(150), new LogIndex(200), new Instant(0) + (T * 1.9), T);
        Assert.True(catchUp.IsDone);
    }

    [Fact] // thesis §4.2.1: after a fixed number of rounds it is called too slow
    public void A_learner_that_never_keeps_up_is_called_too_slow()
    {
        var catchUp = new CatchUp(new LogIndex(1), new Instant(0));
        for (int round = 1; round <= CatchUp.RoundsMax; round++)
        {
            Assert.False(catchUp.IsTooSlow);
            catchUp.Advance(new LogIndex((ulong)round), new LogIndex((ulong)round + 1), new Instant(0) + (T * round), T);
        }

        Assert.True(catchUp.IsTooSlow);
    }

    [Fact]
    public void A_learner_that_starts_again_has_everything_to_prove()
    {
        var catchUp = new CatchUp(new LogIndex(1), new Instant(0));
        catchUp.Advance(new LogIndex(1), new LogIndex(1), new Instant(1), T);

        catchUp.Restart(new LogIndex(9), new Instant(2));

        Assert.False(catchUp.IsDone);
        catchUp.Advance(new LogIndex(8), new LogIndex(9), new Instant(3), T);
        Assert.False(catchUp.IsDone);
    }

    private static long Sum(List<long> all, LogIndex start, LogIndex from, LogIndex to) =>
        to <= from ? 0 : all.Skip((int)(from - start)).Take((int)(to - from)).Sum();

    private static void AssertFits(RecentSizes sizes, List<long> all, LogIndex start, LogIndex from, LogIndex to, long limit)
    {
        if (to <= from)
        {
            return;
        }

        LogIndex expected = from.Next;
        while (expected < to && Sum(all, start, from, expected.Next) <= limit)
        {
            expected = expected.Next;
        }

        Assert.Equal(expected, sizes.Fit(from, to, limit));
    }
}
