using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>A file of the log's directory, looked at from outside.</summary>
/// <param name="Name">Its name in the directory.</param>
/// <param name="Number">The number of the segment; null of a spare.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Header">What its header says of it, in words.</param>
/// <param name="IsNeeded">Whether a start would read it; a spare and a retired segment aren't.</param>
/// <param name="FirstSequence">The first record in it that can be read; zero if none can.</param>
/// <param name="LastSequence">The last of them.</param>
/// <param name="FirstBatch">The batch of the first.</param>
/// <param name="LastBatch">The batch of the last.</param>
/// <param name="Entries">The lowest and highest index of each group's entries in it, truncated ones included.</param>
public sealed record SegmentListing(
    string Name,
    ulong? Number,
    long Bytes,
    string Header,
    bool IsNeeded,
    ulong FirstSequence,
    ulong LastSequence,
    ulong FirstBatch,
    ulong LastBatch,
    ImmutableArray<(GroupId Group, LogIndex First, LogIndex Last)> Entries)
{
    /// <summary>One line: name, size, use, header, records, batches, entries.</summary>
    public override string ToString() =>
        $"{Name} {Bytes} B {(Number is null ? "spare" : IsNeeded ? "live" : "retired")}, {Header}"
        + (LastSequence == 0 ? ", no records" : $", records {FirstSequence}..{LastSequence}, batches {FirstBatch}..{LastBatch}")
        + string.Concat(Entries.Select(each => $", {each.Group} {each.First}..{each.Last}"));
}
