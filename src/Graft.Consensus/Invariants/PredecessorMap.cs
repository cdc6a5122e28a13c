namespace Graft.Consensus;

/// <summary>For every (index, term) ever seen, the term of the entry before it: the observer's memory of log matching.</summary>
internal sealed class PredecessorMap
{
    // Nearly every index has one entry in its whole history; the rest goes into the sorted overflow.
    private readonly List<(Term Term, Term Previous)> _first = [];
    private readonly SortedDictionary<(LogIndex Index, Term Term), Term> _others = [];

    internal bool Agrees(EntryId id, Term previous)
    {
        int slot = (int)id.Index.Value;
        while (_first.Count <= slot)
        {
            _first.Add(default);
        }

        (Term term, Term known) = _first[slot];
        if (term == Term.Zero)
        {
            _first[slot] = (id.Term, previous);
            return true;
        }

        if (term == id.Term)
        {
            return known == previous;
        }

        return _others.TryAdd((id.Index, id.Term), previous) || _others[(id.Index, id.Term)] == previous;
    }
}
