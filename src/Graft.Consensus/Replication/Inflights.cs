namespace Graft.Consensus;

/// <summary>The appends on their way to one follower: a window in messages and in bytes.</summary>
/// <remarks>Sums are kept as differences of running totals, so there is no counter that could leak.</remarks>
internal sealed class Inflights
{
    private readonly int _messagesMax;
    private readonly long _bytesMax;
    private (LogIndex Last, long BytesThrough)[] _ring = new (LogIndex, long)[4];
    private int _head;
    private int _count;
    private long _bytesAdded;
    private long _bytesFreed;

    public Inflights(int messagesMax, long bytesMax)
    {
        Invariant.Check(messagesMax > 0);
        Invariant.Check(bytesMax > 0);
        _messagesMax = messagesMax;
        _bytesMax = bytesMax;
    }

    public int Count => _count;

    public long Bytes => _bytesAdded - _bytesFreed;

    /// <summary>Bytes that may still be sent. One message may overrun it, or an entry above the window could never go.</summary>
    public long BytesFree => Math.Max(0, _bytesMax - Bytes);

    public bool IsFull => _count >= _messagesMax || Bytes >= _bytesMax;

    public void Add(LogIndex last, long bytes)
    {
        Invariant.Check(!IsFull || Planted.WindowIgnored);
        Invariant.Check(bytes >= 0);
        if (_count == _ring.Length)
        {
            Grow();
        }

        _bytesAdded += bytes;
        _ring[(_head + _count) & (_ring.Length - 1)] = (last, _bytesAdded);
        _count++;
    }

    /// <summary>Frees every append that ends at or below <paramref name="match"/>.</summary>
    public void FreeThrough(LogIndex match)
    {
        while (_count > 0 && _ring[_head].Last <= match)
        {
            _bytesFreed = _ring[_head].BytesThrough;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
        }
    }

    /// <summary>The newest append turned out shorter than ordered: the host clipped it.</summary>
    public void ClipNewest(LogIndex last, long bytes)
    {
        Invariant.Check(_count > 0);
        int newest = (_head + _count - 1) & (_ring.Length - 1);
        long before = _count == 1 ? _bytesFreed : _ring[(newest - 1) & (_ring.Length - 1)].BytesThrough;
        _bytesAdded = before + bytes;
        _ring[newest] = (last, _bytesAdded);
    }

    public void Clear()
    {
        _count = 0;
        _bytesFreed = _bytesAdded;
    }

    private void Grow()
    {
        var larger = new (LogIndex, long)[_ring.Length * 2];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        }

        _ring = larger;
        _head = 0;
    }
}
