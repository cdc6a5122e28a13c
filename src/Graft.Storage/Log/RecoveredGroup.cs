using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What the log holds of one group.</summary>
/// <param name="Id">The group.</param>
/// <param name="HardState">Term, vote and a commit index.</param>
/// <param name="Start">Where its log begins.</param>
/// <param name="Log">The terms of its entries.</param>
/// <param name="Memberships">The configurations in its log, encoded, by index.</param>
/// <param name="Lost">Set if it lost entries that may have been acknowledged.</param>
public sealed record RecoveredGroup(
    GroupId Id,
    HardState HardState,
    LogStart Start,
    ImmutableArray<TermRun> Log,
    ImmutableArray<(LogIndex Index, ReadOnlyMemory<byte> Membership)> Memberships,
    LostEntries? Lost)
{
    /// <summary>The last entry.</summary>
    public EntryId Last => Log.IsEmpty ? Start.At : new EntryId(Log[^1].Term, Log[^1].Last);
}
