using Graft.Consensus;

namespace Graft.Storage;

/// <summary>One snapshot of a group, as its name says.</summary>
/// <param name="Last">The last entry that it covers.</param>
/// <param name="Verdict">Whether it's valid.</param>
public sealed record SnapshotListing(EntryId Last, SnapshotVerdict Verdict);
