namespace Graft.Consensus;

/// <summary>The log lost entries that this node may have acknowledged (rot below the durable mark; docs/internals/storage-format.md).</summary>
/// <param name="HighestAcknowledged">The last entry that it can have acknowledged, or null if even that is lost.</param>
public sealed record LostEntries(EntryId? HighestAcknowledged);
