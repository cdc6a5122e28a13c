namespace Graft.Storage;

/// <summary>Where each entry of a group lies. Four bytes an entry, and a run for each change of segment.</summary>
/// <remarks>
/// <para>
/// Offsets are in units of eight bytes, which a segment of at most 1 GiB leaves room for; zero is "not known", and no
/// record lies there. Kept in blocks that are handed back, so that a log that is compacted as it grows allocates nothing.
/// </para>
/// <para>
/// An index comes from the disk, and a record whose check is right may still say anything: an entry far from all others costs a
/// block, never the blocks between, and all work is in proportion to the entries that were set.
/// </para>
/// </remarks>
internal sealed class EntryIndex(EntryIndexPool pool)
{
    // Small, so that rubbish with a right check costs at most sixteen times its own size.
    internal const int BlockSize = 256;

    private readonly IntervalMap _segments = new();
    private readonly Dictionary<ulong, uint[]> _blocks = [];
    private (ulong Number, uint[]? Block) _latest;

    /// <summary>The runs of entries in one segment each, by index.</summary>
    internal ReadOnlySpan<IntervalMap.Run> Segments => _segments.Runs;

    internal void Set(ulong index, ulong segment, long offset)
    {
        ulong number = index / BlockSize;
        uint[]? block = _latest.Block;
        if (block is null || _latest.Number != number)
        {
            if (!_blocks.TryGetValue(number, out block))
            {
                block = pool.Rent();
                _blocks.Add(number, block);
            }

            _latest = (number, block);
        }

        block[index % BlockSize] = (uint)(offset >> 3);
        _segments.Set(index, segment);
    }

    internal bool TryFind(ulong index, out ulong segment, out long offset)
    {
        (segment, offset) = (0, 0);
        if (!_blocks.TryGetValue(index / BlockSize, out uint[]? block))
        {
            return false;
        }

        offset = (long)block[index % BlockSize] << 3;
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
            _blocks[index / BlockSize][index % BlockSize] = 0;
            _segments.Remove(index);
        }
    }

    internal void RemoveAbove(ulong index)
    {
        ulong kept = index / BlockSize;
        for (int i = _segments.Count - 1; i >= 0 && _segments.Runs[i].Last > index; i--)
        {
            IntervalMap.Run run = _segments.Runs[i];
            GiveBack(Math.Max(run.First / BlockSize, kept + 1), run.Last / BlockSize);
        }

        _segments.RemoveAbove(index);
        if (_blocks.TryGetValue(kept, out uint[]? last))
        {
            last.AsSpan((int)(index % BlockSize) + 1).Clear();
        }
    }

    internal void RemoveThrough(ulong index)
    {
        // The block that has the next index stays, with what is known of it.
        ulong end = (index + 1) / BlockSize;
        for (int i = 0; end > 0 && i < _segments.Count && _segments.Runs[i].First <= index; i++)
        {
            IntervalMap.Run run = _segments.Runs[i];
            GiveBack(run.First / BlockSize, Math.Min(run.Last / BlockSize, end - 1));
        }

        _segments.RemoveThrough(index);
    }

    internal void Clear()
    {
        _segments.Clear();
        foreach (uint[] block in _blocks.Values)
        {
            pool.Return(block);
        }

        _blocks.Clear();
        _latest = default;
    }

    private void GiveBack(ulong first, ulong last)
    {
        for (ulong number = first; number <= last; number++)
        {
            if (_blocks.Remove(number, out uint[]? block))
            {
                pool.Return(block);
            }
        }

        _latest = default;
    }
}
