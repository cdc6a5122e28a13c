namespace Graft.Storage;

/// <summary>A value for each index, stored as runs of equal ones; indexes without a value are allowed.</summary>
/// <remarks>Sets come nearly always behind the last run, and that costs no search.</remarks>
internal sealed class IntervalMap
{
    private Run[] _runs = new Run[4];
    private int _first;
    private int _count;

    internal int Count => _count;

    internal ReadOnlySpan<Run> Runs => _runs.AsSpan(_first, _count);

    internal void Set(ulong index, ulong value)
    {
        if (_count == 0 || index > Runs[^1].Last)
        {
            Append(new Run(index, index, value));
            return;
        }

        int at = PositionOf(index);
        if (at >= 0 && Runs[at].Value == value)
        {
            return;
        }

        if (at >= 0)
        {
            at = CutOut(at, index);
        }
        else
        {
            at = ~at;
        }

        // Rewriting moves one entry after the other: most of them lengthen the run before.
        if (at > 0 && Runs[at - 1] is var before && before.Last + 1 == index && before.Value == value)
        {
            _runs[_first + at - 1] = before with { Last = index };
            MergeWithNext(at - 1);
            return;
        }

        Insert(at, new Run(index, index, value));
        MergeWithNext(at);
    }

    /// <summary>Sets a run behind all others.</summary>
    internal void Append(Run run)
    {
        if (_count > 0 && Runs[^1] is var last && last.Last + 1 == run.First && last.Value == run.Value)
        {
            _runs[_first + _count - 1] = last with { Last = run.Last };
        }
        else
        {
            Insert(_count, run);
        }
    }

    internal bool TryFind(ulong index, out ulong value)
    {
        int at = PositionOf(index);
        value = at < 0 ? 0 : Runs[at].Value;
        return at >= 0;
    }

    internal void Remove(ulong index)
    {
        int at = PositionOf(index);
        if (at >= 0)
        {
            CutOut(at, index);
        }
    }

    internal void RemoveAbove(ulong index)
    {
        while (_count > 0 && Runs[^1].First > index)
        {
            _count--;
        }

        if (_count > 0 && Runs[^1].Last > index)
        {
            _runs[_first + _count - 1] = Runs[^1] with { Last = index };
        }
    }

    internal void RemoveThrough(ulong index)
    {
        while (_count > 0 && Runs[0].Last <= index)
        {
            _first++;
            _count--;
        }

        if (_count > 0 && Runs[0].First <= index)
        {
            _runs[_first] = Runs[0] with { First = index + 1 };
        }
    }

    internal void Clear() => (_first, _count) = (0, 0);

    // The run that has the index, or the complement of where one would go.
    private int PositionOf(ulong index)
    {
        ReadOnlySpan<Run> runs = Runs;
        int low = 0;
        int high = runs.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (runs[middle].Last < index)
            {
                low = middle + 1;
            }
            else if (runs[middle].First > index)
            {
                high = middle - 1;
            }
            else
            {
                return middle;
            }
        }

        return ~low;
    }

    // Takes one index out of a run; returns where a run for it goes.
    private int CutOut(int at, ulong index)
    {
        Run run = Runs[at];
        if (run.First == run.Last)
        {
            RemoveAt(at);
            return at;
        }

        if (index == run.First)
        {
            _runs[_first + at] = run with { First = index + 1 };
            return at;
        }

        _runs[_first + at] = run with { Last = index - 1 };
        if (index < run.Last)
        {
            Insert(at + 1, run with { First = index + 1 });
        }

        return at + 1;
    }

    private void MergeWithNext(int at)
    {
        if (at + 1 < _count && Runs[at] is var run && Runs[at + 1] is var next && run.Last + 1 == next.First && run.Value == next.Value)
        {
            _runs[_first + at] = run with { Last = next.Last };
            RemoveAt(at + 1);
        }
    }

    private void Insert(int at, Run run)
    {
        if (_first + _count == _runs.Length)
        {
            Run[] target = _count * 2 > _runs.Length ? new Run[_runs.Length * 2] : _runs;
            Array.Copy(_runs, _first, target, 0, _count);
            (_runs, _first) = (target, 0);
        }

        Array.Copy(_runs, _first + at, _runs, _first + at + 1, _count - at);
        _runs[_first + at] = run;
        _count++;
    }

    private void RemoveAt(int at)
    {
        Array.Copy(_runs, _first + at + 1, _runs, _first + at, _count - at - 1);
        _count--;
    }

    internal readonly record struct Run(ulong First, ulong Last, ulong Value);
}
