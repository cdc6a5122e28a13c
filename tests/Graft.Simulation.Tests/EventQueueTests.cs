using Graft.Consensus;
using Graft.Simulation.Core;

namespace Graft.Simulation.Tests;

public sealed class EventQueueTests
{
    [Fact]
    public void Events_come_by_time()
    {
        var queue = new EventQueue(new SeededRandom(1));
        var random = new SeededRandom(2);
        for (int i = 0; i < 2000; i++)
        {
            queue.Add((long)random.NextBelow(500), EventKind.Tick, 0, 0, 0);
        }

        long last = 0;
        while (queue.Count > 0)
        {
            SimEvent next = queue.Take();
            Assert.True(next.At >= last);
            last = next.At;
        }
    }

    [Fact]
    public void Equal_times_come_in_an_order_that_the_seed_decides()
    {
        Assert.Equal(Order(1), Order(1));
        Assert.NotEqual(Order(1), Order(2));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1L << 62, 200_000)]
    [InlineData(-864_000_000_000, -200_000)]
    [InlineData(21_474_836_470_000, 10_000)]
    public void A_clock_finds_the_first_time_at_which_it_shows_an_instant(long origin, int drift)
    {
        var clock = new NodeClock(origin, drift);
        foreach (long elapsed in (ReadOnlySpan<long>)[0, 1, 7, 999_999, 1_000_001, 5_000_000_000])
        {
            Instant instant = new(origin + elapsed);

            long time = clock.TimeOf(instant);

            Assert.True(clock.Read(time) >= instant);
            Assert.True(time == 0 || clock.Read(time - 1) < instant);
        }
    }

    private static ulong[] Order(ulong seed)
    {
        var queue = new EventQueue(new SeededRandom(seed));
        for (ulong i = 0; i < 20; i++)
        {
            queue.Add(5, EventKind.Tick, 0, 0, i);
        }

        var order = new List<ulong>();
        while (queue.Count > 0)
        {
            order.Add(queue.Take().Argument);
        }

        return [.. order];
    }
}
