using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Of a group, the entries above an index that lie in segments below a number: dropped, by a record that must not be forgotten.</summary>
/// <remarks>
/// A segment can go before older ones do. If it took a truncation along, the next start would find the entries that were cut off
/// in the older segment, and nothing to say that they are dead.
/// </remarks>
internal readonly record struct SegmentCut(GroupId Group, ulong After, ulong Below)
{
    internal bool Covers(in SegmentCut other) => Group == other.Group && After <= other.After && Below >= other.Below;
}
