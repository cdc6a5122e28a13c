namespace Graft.Consensus;

/// <summary>Names one entry for ever: two entries with the same term and index are the same entry (thesis §3.5).</summary>
public readonly record struct EntryId(Term Term, LogIndex Index)
{
    /// <summary>The place before the first entry.</summary>
    public static EntryId Zero => default;

    /// <summary>The entry of these plain numbers.</summary>
    public static EntryId Of(ulong term, ulong index) => new(new Term(term), new LogIndex(index));

    /// <summary>Whether a log that ends here is as complete as one that ends at <paramref name="other"/> (thesis §3.6.1).</summary>
    /// <remarks>
    /// Last terms first, then lengths: a total order. Compared as a vector (both at least as large), two logs could each
    /// refuse the other, and nobody would ever win.
    /// </remarks>
    public bool IsAtLeastAsUpToDateAs(EntryId other) =>
        Term == other.Term ? Index >= other.Index : Term > other.Term;

    public override string ToString() => $"{Index}@{Term}";
}
