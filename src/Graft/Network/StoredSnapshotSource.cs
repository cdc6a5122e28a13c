using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>A stored snapshot on its way to another node.</summary>
internal sealed class StoredSnapshotSource(SnapshotReader reader, IDisposable pin) : ISnapshotSource
{
    public long TotalBytes => reader.FileBytes;

    // Position and length name a snapshot of one cluster, and every unit of the file has a checksum of its own.
    public uint Checksum => unchecked((uint)(reader.Snapshot.Last.Index.Value ^ (reader.Snapshot.Last.Term.Value << 16) ^ (ulong)reader.FileBytes));

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return ValueTask.FromResult(reader.ReadRaw(offset, buffer.Span));
        }
        catch (Exception unreadable) when (unreadable is SnapshotException or DiskException)
        {
            throw new IOException(unreadable.Message, unreadable);
        }
    }

    public void Dispose()
    {
        pin.Dispose();
        reader.Dispose();
    }
}
