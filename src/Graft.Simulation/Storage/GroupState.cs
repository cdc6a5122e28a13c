using Graft.Consensus;
using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <summary>The reference model of one group: lists in memory, and nothing clever.</summary>
/// <param name="Hard">Term, vote, commit.</param>
/// <param name="Start">Where its log begins.</param>
/// <param name="Base">The entry before the first that the model still knows; at or below the start.</param>
/// <param name="Entries">All entries above <paramref name="Base"/>: compacted ones too, because rot may bring an older start back.</param>
/// <param name="Lost">Whether it is known to have lost entries.</param>
internal sealed record GroupState(HardState Hard, LogStart Start, EntryId Base, EntryList Entries, LostEntries? Lost)
{
    internal static GroupState Empty { get; } = new(default(HardState) with { Log = LogKind.Undecided }, LogStart.Zero, EntryId.Zero, EntryList.Empty, null);

    /// <summary>Which founding of the group it goes back to: rises from life to life. Zero if nobody knows.</summary>
    internal int Life { get; init; }

    internal EntryId Last => Entries.Count == 0 ? Base : Entries.Last.Id;

    /// <summary>How many entries lie above the start.</summary>
    internal int LiveCount => (int)(Last.Index.Value - Start.At.Index.Value);

    internal bool Knows(ulong index) => index > Base.Index.Value && index <= Last.Index.Value;

    internal StoredEntry At(ulong index) => Entries[(int)(index - Base.Index.Value - 1)];

    internal EntryId IdAt(ulong index) => index == Base.Index.Value ? Base : At(index).Id;

    /// <summary>What a write does apart from its entries.</summary>
    internal GroupState Begin(LogWrite write)
    {
        GroupState after = this;
        if (write.HardState is { } hard)
        {
            after = after with { Hard = hard };
        }

        if (write.ForgetsLoss)
        {
            after = after with { Lost = null };
        }

        if (write.Start is { } start)
        {
            bool dropsAll = write.IsReset || start.At.Index >= after.Last.Index;
            after = after with
            {
                Start = start with { Membership = start.Membership.ToArray() },
                Base = dropsAll ? start.At : after.Base,
                Entries = dropsAll ? EntryList.Empty : after.Entries,
            };
        }

        return write.TruncateAfter is { } last ? after.TruncateAfter(last.Value) : after;
    }

    internal GroupState Append(in StoredEntry entry) => this with { Entries = Entries.Add(entry with { Payload = entry.Payload.ToArray() }) };

    private GroupState TruncateAfter(ulong index) =>
        index >= Last.Index.Value ? this : this with { Entries = Entries.Take((int)(index - Base.Index.Value)) };
}
