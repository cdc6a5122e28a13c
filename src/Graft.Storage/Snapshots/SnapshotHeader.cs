using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What the header of a snapshot file says.</summary>
/// <param name="Cluster">Whose it is.</param>
/// <param name="Group">Of which group.</param>
/// <param name="Snapshot">The position and the configuration. Its size isn't in the header.</param>
/// <param name="ChunkBytes">Content bytes in every chunk but the last.</param>
/// <param name="Bytes">The length of the header itself: where the first chunk begins.</param>
/// <param name="Crc">The header's checksum, to which those of the chunks are chained.</param>
internal sealed record SnapshotHeader(
    ClusterId Cluster, GroupId Group, Snapshot Snapshot, int ChunkBytes, int Bytes, uint Crc)
{
    /// <summary>Where a chunk begins.</summary>
    public long OffsetOfChunk(long number) => Bytes + (number * (SnapshotFormat.ChunkHeadBytes + (long)ChunkBytes));

    /// <summary>How many chunks that much content takes.</summary>
    public long ChunksOf(long contentBytes) => (contentBytes / ChunkBytes) + (contentBytes % ChunkBytes == 0 ? 0 : 1);
}
