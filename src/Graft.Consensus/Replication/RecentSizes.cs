namespace Graft.Consensus;

/// <summary>Encoded sizes of the newest entries of a leader, as a running total per index.</summary>
/// <remarks>
/// Every byte question (what fits into a message, what isn't committed yet) is a difference of two totals; nothing is
/// counted up and down. Sizes of older entries are the host's to know: it clips those ranges itself.
/// </remarks>
internal sealed class RecentSizes
{
    private readonly int _entriesMax;
    private long[] _through = new long[16];
    private LogIndex _start;
    private LogIndex _last;

    /// <param name="entriesMax">The number of entries to remember; a power of two, at least 16.</param>
    /// <param name="last">The end of the log; sizes are known above it.</param>
    internal RecentSizes(int entriesMax, LogIndex last)
    {
        Invariant.Check(entriesMax >= 16 && int.IsPow2(entriesMax));
        _entriesMax = entriesMax;
        _start = last;
        _last = last;
    }

    /// <summary>Whether the size of the entry at <paramref name="index"/> is known.</summary>
    internal bool Knows(LogIndex index) => index > _start && index <= _last;

    internal void Append(long bytes)
    {
        ulong held = _last - _start;
        if (held + 1 >= (ulong)_through.Length)
        {
            MakeRoom(held);
        }

        long total = _through[Slot(_last)];
        _last = _last.Next;
        _through[Slot(_last)] = total + bytes;
    }

    /// <summary>Bytes of the known entries in (<paramref name="previous"/>, <paramref name="last"/>].</summary>
    internal long Between(LogIndex previous, LogIndex last)
    {
        LogIndex from = LogIndex.Max(previous, _start);
        return last <= from ? 0 : _through[Slot(last)] - _through[Slot(from)];
    }

    /// <summary>The last index up to <paramref name="last"/> that fits into <paramref name="bytesMax"/>; one entry always does.</summary>
    internal LogIndex Fit(LogIndex previous, LogIndex last, long bytesMax)
    {
        Invariant.Check(previous >= _start, previous, _start);
        if (Between(previous, last) <= bytesMax)
        {
            return last;
        }

        ulong low = previous.Value + 1;
        ulong high = last.Value;
        while (low < high)
        {
            ulong middle = low + ((high - low + 1) / 2);
            if (Between(previous, new LogIndex(middle)) <= bytesMax)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return new LogIndex(low);
    }

    private int Slot(LogIndex index) => (int)(index.Value & ((ulong)_through.Length - 1));

    private void MakeRoom(ulong held)
    {
        if (_through.Length >= _entriesMax)
        {
            _start = _start.Next;
            return;
        }

        long[] old = _through;
        _through = new long[old.Length * 2];
        for (ulong i = 0; i <= held; i++)
        {
            LogIndex index = _start + i;
            _through[Slot(index)] = old[(int)(index.Value & ((ulong)old.Length - 1))];
        }
    }
}
