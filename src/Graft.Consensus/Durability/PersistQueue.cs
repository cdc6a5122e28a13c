namespace Graft.Consensus;

/// <summary>The orders that the disk still owes us, and what may be believed durable meanwhile.</summary>
/// <remarks>
/// <para>
/// Receipts come out of order. What counts is the longest prefix of orders without a gap: a receipt for order 8 says
/// nothing while 7 is missing, since a crash may keep the one and lose the other.
/// </para>
/// <para>
/// An order that truncates puts a ceiling on every receipt before it. Were receipt 7 (entries up to 12) counted while 8
/// (truncate after 9) is on its way, a crash between the two would take back what we acknowledged, even if the entries
/// of 7 have meanwhile been appended again and look the same.
/// </para>
/// </remarks>
internal sealed class PersistQueue
{
    private Order[] _ring = new Order[8];
    private int _head;
    private int _count;

    /// <summary>The next order's number. Numbers begin at 1.</summary>
    internal ulong NextSequence { get; private set; } = 1;

    /// <summary>The last order of the prefix without a gap.</summary>
    internal ulong CompletedThrough { get; private set; }

    internal int Outstanding => _count;

    /// <summary>When the oldest outstanding order was given; <see cref="Instant.Never"/> if the disk owes nothing.</summary>
    internal Instant OldestAt => _count == 0 ? Instant.Never : _ring[_head].At;

    internal void Add(in PersistOrder order, LogIndex ceiling, Instant now)
    {
        Invariant.Check(order.Sequence == NextSequence, order.Sequence, NextSequence);
        if (_count == _ring.Length)
        {
            Grow();
        }

        _ring[(_head + _count) & (_ring.Length - 1)] = new Order(order.Last, ceiling, now, IsComplete: false);
        _count++;
        NextSequence++;
    }

    /// <summary>Takes a receipt in.</summary>
    /// <returns>False if no such order is outstanding: a second receipt, or one from another life.</returns>
    internal bool Complete(PersistReceipt receipt)
    {
        if (receipt.Sequence <= CompletedThrough || receipt.Sequence >= NextSequence)
        {
            return false;
        }

        ulong ahead = receipt.Sequence - CompletedThrough;
        ref Order order = ref _ring[(_head + (int)(ahead - 1)) & (_ring.Length - 1)];
        if (order.Last != receipt.Last || order.IsComplete)
        {
            return false;
        }

        order = order with { IsComplete = true };
        return true;
    }

    /// <summary>Moves the prefix over the next completed order.</summary>
    /// <param name="last">Where the stored log ends as far as may be believed: the order's last entry.</param>
    /// <param name="ceiling">The lowest truncation point among the orders still outstanding.</param>
    internal bool TryAdvance(out EntryId last, out LogIndex ceiling)
    {
        (last, ceiling) = (default, new LogIndex(ulong.MaxValue));
        if (_count == 0 || !(_ring[_head].IsComplete || Planted.ReceiptsCountOutOfOrder))
        {
            return false;
        }

        last = _ring[_head].Last;
        _head = (_head + 1) & (_ring.Length - 1);
        _count--;
        CompletedThrough++;
        for (int i = 0; i < _count; i++)
        {
            ceiling = LogIndex.Min(ceiling, _ring[(_head + i) & (_ring.Length - 1)].Ceiling);
        }

        return true;
    }

    private void Grow()
    {
        var larger = new Order[_ring.Length * 2];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        }

        _ring = larger;
        _head = 0;
    }

    private readonly record struct Order(EntryId Last, LogIndex Ceiling, Instant At, bool IsComplete);
}
