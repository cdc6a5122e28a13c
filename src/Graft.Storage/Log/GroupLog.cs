using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What the log knows of one group.</summary>
internal sealed class GroupLog(GroupId id, EntryIndexPool pool)
{
    internal GroupId Id => id;

    internal HardState HardState { get; set; }

    internal LogStart Start { get; set; } = LogStart.Zero;

    internal EntryId Last { get; set; }

    internal LostEntries? Lost { get; set; }

    /// <summary>The last record before the group came into being: what is older and has its number was another life's.</summary>
    internal ulong Born { get; set; }

    internal ulong TouchedBy { get; set; }

    internal ulong TouchedBefore { get; set; }

    /// <summary>Whether the batch before touched it and this one hasn't: its row is written again.</summary>
    internal bool IsRowDue { get; set; }

    /// <summary>The term of each entry.</summary>
    internal IntervalMap Terms { get; } = new();

    internal EntryIndex Index { get; } = new(pool);

    internal GroupRow Row => new(id, HardState, Start.At, Last, Lost, TouchedBy, TouchedBefore, Born);

    /// <summary>Entry <paramref name="index"/>, or the start; its term must be known.</summary>
    internal EntryId EntryAt(LogIndex index)
    {
        if (index == Start.At.Index)
        {
            return Start.At;
        }

        bool isKnown = Terms.TryFind(index.Value, out ulong term);
        Invariant.Check(isKnown, index, Last);
        return new EntryId(new Term(term), index);
    }

    internal void Append(EntryId entry, ulong segment, long offset)
    {
        Terms.Set(entry.Index.Value, entry.Term.Value);
        Index.Set(entry.Index.Value, segment, offset);
        Last = entry;
    }

    /// <summary>Drops what lies above. The new last entry's term must be known.</summary>
    internal void TruncateAfter(LogIndex index)
    {
        if (index < Last.Index)
        {
            Last = EntryAt(index);
            Terms.RemoveAbove(index.Value);
            if (!Planted.IndexNotTruncated)
            {
                Index.RemoveAbove(index.Value);
            }
        }
    }

    internal void CompactTo(LogStart start, bool isReset)
    {
        if (isReset || start.At.Index >= Last.Index)
        {
            Terms.Clear();
            Index.Clear();
            Last = start.At;
        }
        else
        {
            Terms.RemoveThrough(start.At.Index.Value);
            Index.RemoveThrough(start.At.Index.Value);
        }

        Start = start;
    }
}
