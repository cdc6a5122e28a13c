namespace Graft.Consensus.Tests.Units;

public sealed class PersistQueueTests
{
    private static readonly LogIndex NoCeiling = new(ulong.MaxValue);

    [Fact]
    public void A_receipt_counts_once_everything_before_it_has_come()
    {
        PersistQueue queue = Queue(5, 7, 9);

        Assert.True(queue.Complete(Receipt(3, 9)));
        Assert.True(queue.Complete(Receipt(2, 7)));
        Assert.False(queue.TryAdvance(out _, out _));
        Assert.Equal((0UL, 3), (queue.CompletedThrough, queue.Outstanding));

        Assert.True(queue.Complete(Receipt(1, 5)));
        Assert.Equal([5UL, 7UL, 9UL], Advance(queue));
        Assert.Equal((3UL, 0), (queue.CompletedThrough, queue.Outstanding));
    }

    [Theory]
    [InlineData(1, 6)] // another entry than was ordered
    [InlineData(0, 5)]
    [InlineData(4, 9)]
    [InlineData(ulong.MaxValue, 9)]
    public void A_receipt_for_no_outstanding_order_is_refused(ulong sequence, ulong last) =>
        Assert.False(Queue(5, 7, 9).Complete(Receipt(sequence, last)));

    [Fact]
    public void A_receipt_counts_once()
    {
        PersistQueue queue = Queue(5, 7);
        Assert.True(queue.Complete(Receipt(2, 7)));

        Assert.False(queue.Complete(Receipt(2, 7)));
    }

    [Fact]
    public void A_truncation_on_its_way_caps_every_receipt_before_it()
    {
        var queue = new PersistQueue();
        queue.Add(Order(1, 12), NoCeiling, default);
        queue.Add(Order(2, 14), new LogIndex(11), default);
        queue.Add(Order(3, 15), new LogIndex(9), default);
        queue.Complete(Receipt(1, 12));
        queue.Complete(Receipt(2, 14));

        Assert.True(queue.TryAdvance(out EntryId last, out LogIndex ceiling));
        Assert.Equal((EntryId.Of(1, 12), new LogIndex(9)), (last, ceiling));
        Assert.True(queue.TryAdvance(out _, out ceiling));
        Assert.Equal(new LogIndex(9), ceiling);

        queue.Complete(Receipt(3, 15));
        Assert.True(queue.TryAdvance(out _, out ceiling));
        Assert.Equal(NoCeiling, ceiling);
    }

    [Fact]
    public void The_disk_owes_since_the_oldest_order_without_an_answer_in_order()
    {
        var queue = new PersistQueue();
        Assert.Equal(Instant.Never, queue.OldestAt);
        queue.Add(Order(1, 1), NoCeiling, new Instant(10));
        queue.Add(Order(2, 2), NoCeiling, new Instant(20));

        queue.Complete(Receipt(2, 2));
        Advance(queue);
        Assert.Equal(new Instant(10), queue.OldestAt);

        queue.Complete(Receipt(1, 1));
        Advance(queue);
        Assert.Equal(Instant.Never, queue.OldestAt);
    }

    [Theory] // any number outstanding, receipts in any order, against a set of what has come
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_completed_prefix_is_the_longest_without_a_gap(ulong seed)
    {
        var random = new SeededRandom(seed);
        var queue = new PersistQueue();
        var missing = new SortedSet<ulong>();

        for (int step = 0; step < 2000; step++)
        {
            if (random.Chance(missing.Count > 30 ? 200 : 550))
            {
                missing.Add(queue.NextSequence);
                queue.Add(Order(queue.NextSequence, queue.NextSequence), NoCeiling, default);
            }
            else if (missing.Count > 0)
            {
                ulong sequence = missing.ElementAt(random.Next(0, missing.Count - 1));
                missing.Remove(sequence);
                Assert.True(queue.Complete(Receipt(sequence, sequence)));
            }

            Advance(queue);
            Assert.Equal(missing.Count > 0 ? missing.Min - 1 : queue.NextSequence - 1, queue.CompletedThrough);
        }
    }

    [Fact]
    public void Orders_are_numbered_without_a_gap() =>
        Assert.Throws<InvariantViolationException>(() => new PersistQueue().Add(Order(2, 1), NoCeiling, default));

    private static PersistQueue Queue(params ulong[] lasts)
    {
        var queue = new PersistQueue();
        foreach (ulong last in lasts)
        {
            queue.Add(Order(queue.NextSequence, last), NoCeiling, default);
        }

        return queue;
    }

    private static ulong[] Advance(PersistQueue queue)
    {
        var lasts = new List<ulong>();
        while (queue.TryAdvance(out EntryId last, out _))
        {
            lasts.Add(last.Index.Value);
        }

        return [.. lasts];
    }

    private static PersistOrder Order(ulong sequence, ulong last) =>
        new(sequence, null, null, ResetLog: false, null, new LogIndex(last), EntryId.Of(1, last));

    private static PersistReceipt Receipt(ulong sequence, ulong last) => new(sequence, EntryId.Of(1, last));
}
