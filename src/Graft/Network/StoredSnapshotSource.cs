using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>A stored snapshot on its way to another node.</summary>
/// <param name="reader">Reads it.</param>
/// <param name="pin">Holds the log behind it.</param>
/// <param name="isBroken">Told that it can't be read.</param>
internal sealed class StoredSnapshotSource(SnapshotReader reader, IDisposable pin, Action isBroken) : ISnapshotSource
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
            isBroken();
            throw new IOException(unreadable.Message, unreadable);
        }
    }

    public void Dispose()
    {
        pin.Dispose();
        reader.Dispose();
    }
}
