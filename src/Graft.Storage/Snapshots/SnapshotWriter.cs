using System.Buffers;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Writes one snapshot as it streams from the state machine. Until <see cref="Complete"/> returns there is no snapshot.</summary>
/// <remarks>Not thread-safe. Disposed without <see cref="Complete"/>, it leaves nothing behind.</remarks>
public sealed class SnapshotWriter : IDisposable
{
    private readonly SnapshotFile _file;
    private readonly SnapshotHeader _header;
    private byte[] _chunk;
    private int _chunkBytes;
    private long _number;
    private uint _fileCrc;

    internal SnapshotWriter(SnapshotFile file, SnapshotHeader header, uint fileCrc)
    {
        (_file, _header, _fileCrc) = (file, header, fileCrc);
        _chunk = ArrayPool<byte>.Shared.Rent(SnapshotFormat.ChunkHeadBytes + header.ChunkBytes);
    }

    /// <summary>How many bytes of content have been taken.</summary>
    public long ContentBytes { get; private set; }

    /// <summary>Adds to the content. Nothing is durable before <see cref="Complete"/>.</summary>
    /// <exception cref="SnapshotException"><see cref="SnapshotError.NoSpace"/>; the unfinished file is gone.</exception>
    /// <exception cref="StorageFailedException">Final, now or earlier.</exception>
    /// <exception cref="ObjectDisposedException">It's completed, abandoned, or an earlier call failed.</exception>
    public void Write(ReadOnlySpan<byte> content)
    {
        ObjectDisposedException.ThrowIf(!_file.IsOpen, this);
        ContentBytes += content.Length;
        while (content.Length > 0)
        {
            int part = Math.Min(content.Length, _header.ChunkBytes - _chunkBytes);
            content[..part].CopyTo(_chunk.AsSpan(SnapshotFormat.ChunkHeadBytes + _chunkBytes));
            content = content[part..];
            _chunkBytes += part;
            if (_chunkBytes == _header.ChunkBytes)
            {
                WriteChunk();
            }
        }
    }

    /// <summary>Ends the content, makes file and name durable, and publishes the snapshot. It takes the place of one at the same position.</summary>
    /// <returns>The snapshot with its length. When this has returned, the log below it may go.</returns>
    /// <exception cref="SnapshotException"><see cref="SnapshotError.NoSpace"/>; the unfinished file is gone.</exception>
    /// <exception cref="StorageFailedException">Final. Whether the snapshot is there is known at the next start.</exception>
    /// <exception cref="ObjectDisposedException">It's completed, abandoned, or an earlier call failed.</exception>
    public Snapshot Complete()
    {
        ObjectDisposedException.ThrowIf(!_file.IsOpen, this);
        if (_chunkBytes > 0)
        {
            WriteChunk();
        }

        long offset = _header.Bytes + (_number * SnapshotFormat.ChunkHeadBytes) + ContentBytes;
        var footer = new SnapshotFooter(_fileCrc, offset + SnapshotFormat.FooterBytes, ContentBytes);
        Span<byte> bytes = stackalloc byte[SnapshotFormat.FooterBytes];
        SnapshotFormat.WriteFooter(_header, footer, bytes);
        _file.Append(bytes);
        _file.Publish();
        ReturnBuffer();
        return _header.Snapshot with { Bytes = footer.FileBytes };
    }

    /// <summary>Deletes what was written. Does nothing after <see cref="Complete"/>.</summary>
    public void Abandon()
    {
        _file.Abandon();
        ReturnBuffer();
    }

    /// <summary>Gives up what isn't completed. A second time does nothing.</summary>
    public void Dispose() => Abandon();

    private void WriteChunk()
    {
        Span<byte> chunk = _chunk.AsSpan(0, SnapshotFormat.ChunkHeadBytes + _chunkBytes);
        SnapshotFormat.SealChunk(_header, _number, chunk);
        _file.Append(chunk);
        _fileCrc = Crc32C.Continue(_fileCrc, chunk);
        _number++;
        _chunkBytes = 0;
    }

    private void ReturnBuffer()
    {
        byte[] chunk = _chunk;
        _chunk = [];
        if (chunk.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }
}
