namespace Graft.Simulation.Disks;

/// <summary>A set of byte positions as sorted, disjoint, non-adjacent ranges.</summary>
internal sealed class RangeSet
{
    private readonly List<(long Start, long End)> _ranges = [];

    internal bool IsEmpty => _ranges.Count == 0;

    internal long Total
    {
        get
        {
            long total = 0;
            foreach ((long start, long end) in _ranges)
            {
                total += end - start;
            }

            return total;
        }
    }

    internal void Add(long start, long end)
    {
        if (start >= end)
        {
            return;
        }

        // A log grows at its end: the common case joins the last range and searches nothing.
        int first = _ranges.Count > 0 && _ranges[^1].Start <= start ? _ranges.Count - 1 : 0;
        while (first < _ranges.Count && _ranges[first].End < start)
        {
            first++;
        }

        int behind = first;
        while (behind < _ranges.Count && _ranges[behind].Start <= end)
        {
            start = Math.Min(start, _ranges[behind].Start);
            end = Math.Max(end, _ranges[behind].End);
            behind++;
        }

        if (behind == first)
        {
            _ranges.Insert(first, (start, end));
            return;
        }

        _ranges[first] = (start, end);
        _ranges.RemoveRange(first + 1, behind - first - 1);
    }

    internal void Remove(long start, long end)
    {
        for (int i = _ranges.Count - 1; i >= 0; i--)
        {
            (long from, long to) = _ranges[i];
            if (to <= start || from >= end)
            {
                continue;
            }

            _ranges.RemoveAt(i);
            if (to > end)
            {
                _ranges.Insert(i, (end, to));
            }

            if (from < start)
            {
                _ranges.Insert(i, (from, start));
            }
        }
    }

    /// <summary>How many positions of [start, end) are in the set.</summary>
    internal long CountIn(long start, long end)
    {
        long count = 0;
        foreach ((long from, long to) in _ranges)
        {
            count += Math.Max(0, Math.Min(to, end) - Math.Max(from, start));
        }

        return count;
    }

    /// <summary>The first position of [start, end) that is in the set, or <paramref name="end"/>.</summary>
    internal long FirstIn(long start, long end)
    {
        foreach ((long from, long to) in _ranges)
        {
            if (to > start && from < end)
            {
                return Math.Max(from, start);
            }
        }

        return end;
    }

    internal RangeSet Clone()
    {
        var copy = new RangeSet();
        copy._ranges.AddRange(_ranges);
        return copy;
    }
}
