namespace Graft.Storage;

/// <summary>Where each entry of a group lies. Four bytes an entry, and a run for each change of segment.</summary>
/// <remarks>
/// Offsets are in units of eight bytes, which a segment of at most 1 GiB leaves room for; zero is "not known", and no
/// record lies there. Kept in blocks that are handed back, so that a log that is compacted as it grows allocates nothing.
/// </remarks>
internal sealed class EntryIndex(EntryIndexPool pool)
{
    internal const int BlockSize = 2048;

    private readonly IntervalMap _segments = new();
    private readonly List<uint[]> _blocks = [];
    private ulong _firstBlock;

    /// <summary>The runs of entries in one segment each, by index.</summary>
    internal ReadOnlySpan<IntervalMap.Run> Segments => _segments.Runs;

    internal void Set(ulong index, ulong segment, long offset)
    {
        ulong block = index / BlockSize;
        if (_blocks.Count == 0)
        {
            _firstBlock = block;
        }

        while (block >= _firstBlock + (ulong)_blocks.Count)
        {
            _blocks.Add(pool.Rent());
        }

        while (block < _firstBlock)
        {
            _blocks.Insert(0, pool.Rent());
            _firstBlock--;
        }

        _blocks[(int)(block - _firstBlock)][index % BlockSize] = (uint)(offset >> 3);
        _segments.Set(index, segment);
    }

    internal bool TryFind(ulong index, out ulong segment, out long offset)
    {
        ulong block = index / BlockSize;
        if (block < _firstBlock || block >= _firstBlock + (ulong)_blocks.Count)
        {
            (segment, offset) = (0, 0);
            return false;
        }

        offset = (long)_blocks[(int)(block - _firstBlock)][index % BlockSize] << 3;
        return _segments.TryFind(index, out segment) && offset > 0;
    }

    /// <summary>The first index above <paramref name="start"/> and up to <paramref name="last"/> whose place isn't known, or null.</summary>
    internal ulong? FindHole(ulong start, ulong last)
    {
        ulong next = start + 1;
        foreach (IntervalMap.Run run in _segments.Runs)
        {
            if (run.Last < next)
            {
                continue;
            }

            if (run.First > next || next > last)
            {
                break;
            }

            next = run.Last + 1;
        }

        return next <= last ? next : null;
    }

    internal void Forget(ulong index)
    {
        if (TryFind(index, out _, out _))
        {
            _blocks[(int)((index / BlockSize) - _firstBlock)][index % BlockSize] = 0;
            _segments.Remove(index);
        }
    }

    internal void RemoveAbove(ulong index)
    {
        _segments.RemoveAbove(index);
        while (_blocks.Count > 0 && _firstBlock + (ulong)_blocks.Count - 1 > index / BlockSize)
        {
            pool.Return(_blocks[^1]);
            _blocks.RemoveAt(_blocks.Count - 1);
        }

        if (_blocks.Count > 0 && _firstBlock + (ulong)_blocks.Count - 1 == index / BlockSize)
        {
            _blocks[^1].AsSpan((int)(index % BlockSize) + 1).Clear();
        }
    }

    internal void RemoveThrough(ulong index)
    {
        _segments.RemoveThrough(index);
        int gone = 0;
        while (gone < _blocks.Count && ((_firstBlock + (ulong)gone + 1) * BlockSize) - 1 <= index)
        {
            pool.Return(_blocks[gone++]);
        }

        _blocks.RemoveRange(0, gone);
        _firstBlock += (ulong)gone;
    }

    internal void Clear()
    {
        _segments.Clear();
        foreach (uint[] block in _blocks)
        {
            pool.Return(block);
        }

        _blocks.Clear();
    }
}
