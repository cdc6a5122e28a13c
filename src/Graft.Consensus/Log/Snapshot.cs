namespace Graft.Consensus;

/// <summary>What the core has to know of a snapshot; its bytes stay with the host.</summary>
/// <param name="Last">The last entry that it covers (lastIncludedIndex, lastIncludedTerm).</param>
/// <param name="Membership">The configuration in force at that entry, joint or not, and never a later one.</param>
/// <param name="MembershipIndex">Where that configuration was appended.</param>
/// <param name="Bytes">Its size, if known; for progress only.</param>
public sealed record Snapshot(EntryId Last, Membership Membership, LogIndex MembershipIndex, long Bytes = 0);
