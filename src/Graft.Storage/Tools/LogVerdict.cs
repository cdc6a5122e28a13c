using System.Collections.Immutable;

namespace Graft.Storage;

/// <summary>What <see cref="LogTools.Verify"/> found: what the next start would find, and why.</summary>
/// <param name="State">Sound, torn or damaged.</param>
/// <param name="Explanation">The first damage, in a paragraph for whoever has to decide what to do; empty of a sound log.</param>
/// <param name="Groups">What the next start would have of each group. One with <see cref="RecoveredGroup.Lost"/> has lost entries.</param>
/// <param name="Notes">All that the next start would note.</param>
/// <param name="Segments">How many segments are needed.</param>
/// <param name="Records">How many records were read in them.</param>
/// <param name="Bytes">How many bytes were read in them.</param>
public sealed record LogVerdict(
    LogState State,
    string Explanation,
    ImmutableArray<RecoveredGroup> Groups,
    ImmutableArray<string> Notes,
    int Segments,
    long Records,
    long Bytes);
