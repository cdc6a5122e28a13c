using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What a snapshot file says of itself.</summary>
/// <param name="Cluster">Whose it is.</param>
/// <param name="Group">Of which group.</param>
/// <param name="Snapshot">Position, configuration, and the length of the file.</param>
/// <param name="ContentBytes">How much of it is the state machine's.</param>
/// <param name="ChunkBytes">Content bytes in every chunk but the last.</param>
/// <param name="Chunks">In how many chunks.</param>
public sealed record SnapshotDescription(
    ClusterId Cluster, GroupId Group, Snapshot Snapshot, long ContentBytes, int ChunkBytes, long Chunks);
