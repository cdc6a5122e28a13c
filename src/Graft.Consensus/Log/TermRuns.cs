namespace Graft.Consensus;

/// <summary>What the core knows of the log: where it starts, where it ends, and the term of every index in between.</summary>
/// <remarks>
/// Terms rise rarely and entries come in millions, so the terms of a whole log are a handful of runs, and "the term at i"
/// never waits for a disk.
/// <code>
///   base          runs                                last
///    |  compacted  |[first..]@t2 |[first..]@t5 | ...    |
/// </code>
/// Invariants:
///   (1) the first run starts at base + 1, each next run right behind the one before it, and the last one ends at Last;
///   (2) terms rise strictly from run to run, and the first is no lower than the base's;
///   (3) without runs, Last is the base.
/// </remarks>
public sealed class TermRuns
{
    private Term[] _terms = new Term[4];
    private LogIndex[] _firsts = new LogIndex[4];
    private int _count;

    /// <summary>An empty log behind an entry.</summary>
    /// <param name="start">Its base.</param>
    public TermRuns(EntryId start)
    {
        Base = start;
        Last = start;
    }

    /// <summary>The last entry that compaction (or a snapshot) has covered; <see cref="EntryId.Zero"/> if none.</summary>
    public EntryId Base { get; private set; }

    /// <summary>The last entry; the base if there is none above it.</summary>
    public EntryId Last { get; private set; }

    /// <summary>How many runs there are above the base.</summary>
    public int Count => _count;

    /// <summary>The run at <paramref name="position"/>, oldest first.</summary>
    public TermRun this[int position]
    {
        get
        {
            Invariant.Check((uint)position < (uint)_count, position, _count);
            return new TermRun(_terms[position], _firsts[position], LastOf(position));
        }
    }

    /// <summary>Whether the term at <paramref name="index"/> is known: at the base or above it, up to the end.</summary>
    public bool Contains(LogIndex index) => index >= Base.Index && index <= Last.Index;

    /// <summary>Whether this log holds exactly the entry <paramref name="id"/> (or has compacted it as its base).</summary>
    public bool Contains(EntryId id) => Contains(id.Index) && TermAt(id.Index) == id.Term;

    /// <summary>The term of the entry at <paramref name="index"/>, which lies between the base and the end.</summary>
    public Term TermAt(LogIndex index)
    {
        Invariant.Check(index >= Base.Index, index, Base);
        Invariant.Check(index <= Last.Index, index, Last);
        if (index == Base.Index)
        {
            return Base.Term;
        }

        return _terms[Find(index)];
    }

    /// <summary>The run that holds <paramref name="index"/>, which lies above the base.</summary>
    public TermRun RunAt(LogIndex index)
    {
        Invariant.Check(index > Base.Index, index, Base);
        Invariant.Check(index <= Last.Index, index, Last);
        return this[Find(index)];
    }

    /// <summary>Adds entries of one term behind the last.</summary>
    /// <param name="term">Their term, no lower than that of the last entry.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="InvariantViolationException">The term is lower, or zero.</exception>
    public void Append(Term term, ulong count)
    {
        if (count == 0)
        {
            return;
        }

        Invariant.Check(term >= Last.Term, term, Last);
        Invariant.Check(term > Term.Zero, term, Last);
        if (_count == 0 || _terms[_count - 1] != term)
        {
            Push(term, Last.Index.Next);
        }

        Last = new EntryId(term, Last.Index + count);
    }

    /// <summary>Drops every entry above <paramref name="last"/>.</summary>
    public void TruncateAfter(LogIndex last)
    {
        Invariant.Check(last >= Base.Index, last, Base);
        Invariant.Check(last <= Last.Index, last, Last);
        while (_count > 0 && _firsts[_count - 1] > last)
        {
            _count--;
        }

        Last = _count == 0 ? Base : new EntryId(_terms[_count - 1], last);
    }

    /// <summary>Makes <paramref name="index"/> the base; entries above it stay.</summary>
    public void CompactTo(LogIndex index)
    {
        var start = new EntryId(TermAt(index), index);
        int gone = 0;
        while (gone < _count && LastOf(gone) <= index)
        {
            gone++;
        }

        Array.Copy(_terms, gone, _terms, 0, _count - gone);
        Array.Copy(_firsts, gone, _firsts, 0, _count - gone);
        _count -= gone;
        if (_count > 0)
        {
            _firsts[0] = LogIndex.Max(_firsts[0], index.Next);
        }

        Base = start;
    }

    /// <summary>Forgets everything: the log is what a snapshot up to <paramref name="start"/> stands for.</summary>
    public void Reset(EntryId start)
    {
        _count = 0;
        Base = start;
        Last = start;
    }

    /// <summary>
    /// The first index in (<paramref name="previous"/>, <paramref name="last"/>] that this log holds with a term other than
    /// <paramref name="term"/>; null if what it holds of that range agrees.
    /// </summary>
    public LogIndex? FirstConflict(LogIndex previous, LogIndex last, Term term)
    {
        LogIndex end = LogIndex.Min(last, Last.Index);
        LogIndex index = previous.Next;
        while (index <= end)
        {
            TermRun run = RunAt(index);
            if (run.Term != term)
            {
                return index;
            }

            index = run.Last.Next;
        }

        return null;
    }

    /// <summary>
    /// The last entry at or below <paramref name="limit"/> whose term is at most <paramref name="term"/>; the base if there
    /// is none above it. The step of conflict repair: one per term, not one per entry (thesis §3.5).
    /// </summary>
    public EntryId LastAtOrBelow(LogIndex limit, Term term)
    {
        LogIndex index = LogIndex.Min(limit, Last.Index);
        while (index > Base.Index)
        {
            TermRun run = RunAt(index);
            if (run.Term <= term)
            {
                return new EntryId(run.Term, index);
            }

            index = run.First.Previous;
        }

        return Base;
    }

    /// <summary>Checks (1) to (3). Walks all runs: for tests and the simulator.</summary>
    public void CheckInvariants()
    {
        Invariant.Check(_count > 0 || Last == Base, Last, Base);
        for (int position = 0; position < _count; position++)
        {
            LogIndex expected = position == 0 ? Base.Index.Next : LastOf(position - 1).Next;
            Term below = position == 0 ? Base.Term : _terms[position - 1];
            Invariant.Check(_firsts[position] == expected, _firsts[position], expected);
            Invariant.Check(_firsts[position] <= LastOf(position), _firsts[position], LastOf(position));
            Invariant.Check(position == 0 ? _terms[0] >= below : _terms[position] > below, _terms[position], below);
        }

        Invariant.Check(_count == 0 || Last.Term == _terms[_count - 1], Last, _count);
    }

    private LogIndex LastOf(int position) => position == _count - 1 ? Last.Index : _firsts[position + 1].Previous;

    // Nearly every question is about the newest run; the rest pays for a binary search.
    private int Find(LogIndex index)
    {
        if (_firsts[_count - 1] <= index)
        {
            return _count - 1;
        }

        int low = 0;
        int high = _count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_firsts[middle] <= index)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private void Push(Term term, LogIndex first)
    {
        if (_count == _terms.Length)
        {
            Array.Resize(ref _terms, _count * 2);
            Array.Resize(ref _firsts, _count * 2);
        }

        _terms[_count] = term;
        _firsts[_count] = first;
        _count++;
    }
}
