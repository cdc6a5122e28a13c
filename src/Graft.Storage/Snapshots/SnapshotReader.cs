using System.Buffers;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>An open snapshot: its content for a state machine, its file's bytes for another node. Nothing prunes it meanwhile.</summary>
/// <remarks>
/// <para>Not thread-safe. Each chunk is verified before a byte of it is handed out, also to be sent.</para>
/// <para>
/// A chunk may have rotted behind others that were handed out already. A restore that ends in an exception has to be thrown away
/// as a whole.
/// </para>
/// </remarks>
public sealed class SnapshotReader : IDisposable
{
    private const long None = -2;
    private const long HeaderUnit = -1;

    private readonly SnapshotStore _store;
    private readonly string _path;
    private readonly IDiskFile _file;
    private readonly SnapshotHeader _header;
    private readonly long _footerOffset;
    private byte[] _buffer;
    private long _unit = None;
    private long _position;
    private bool _isDisposed;

    internal SnapshotReader(
        SnapshotStore store, string path, IDiskFile file, SnapshotDescription description, SnapshotHeader header)
    {
        (_store, _path, _file, _header) = (store, path, file, header);
        Description = description;
        _footerOffset = FileBytes - SnapshotFormat.FooterBytes;
        int largest = Math.Max(header.Bytes, SnapshotFormat.ChunkHeadBytes + header.ChunkBytes);
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(largest, SnapshotFormat.FooterBytes));
    }

    /// <summary>What the file says of itself; header and footer were verified when it was opened.</summary>
    public SnapshotDescription Description { get; }

    /// <summary>Its position, its configuration, and the length of the file.</summary>
    public Snapshot Snapshot => Description.Snapshot;

    /// <summary>How many bytes of content it has: what the state machine wrote.</summary>
    public long ContentBytes => Description.ContentBytes;

    /// <summary>The length of the file: what a receiver is told, and where <see cref="ReadRaw"/> ends.</summary>
    public long FileBytes => Snapshot.Bytes;

    /// <summary>Reads on in the content.</summary>
    /// <returns>How many bytes; fewer than fit at the end only, and zero behind it.</returns>
    /// <exception cref="SnapshotException"><see cref="SnapshotError.Damaged"/>: what was read before has to be thrown away.</exception>
    /// <exception cref="DiskException">The disk doesn't let it be read.</exception>
    public int Read(Span<byte> content)
    {
        int read = Read(content, _position);
        _position += read;
        return read;
    }

    /// <summary>Reads content from an offset; <see cref="Read(Span{byte})"/> goes on where it was.</summary>
    /// <inheritdoc cref="Read(Span{byte})"/>
    public int Read(Span<byte> content, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        int done = 0;
        while (done < content.Length && offset + done < ContentBytes)
        {
            long place = offset + done;
            ReadOnlySpan<byte> chunk = Load(place / _header.ChunkBytes);
            ReadOnlySpan<byte> rest = chunk[(SnapshotFormat.ChunkHeadBytes + (int)(place % _header.ChunkBytes))..];
            done += CopyStart(rest, content[done..]);
        }

        return done;
    }

    /// <summary>Reads the file itself, to be sent as it is.</summary>
    /// <returns>How many bytes; fewer than fit at the end only, and zero behind it.</returns>
    /// <exception cref="SnapshotException"><see cref="SnapshotError.Damaged"/>: what was sent before is sound, and no more is.</exception>
    /// <exception cref="DiskException">The disk doesn't let it be read.</exception>
    /// <exception cref="ObjectDisposedException">It's disposed.</exception>
    public int ReadRaw(long offset, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        int done = 0;
        while (done < bytes.Length && offset + done < FileBytes)
        {
            long place = offset + done;
            long unit = place < _header.Bytes ? HeaderUnit
                : place >= _footerOffset ? Description.Chunks
                : (place - _header.Bytes) / (SnapshotFormat.ChunkHeadBytes + _header.ChunkBytes);
            ReadOnlySpan<byte> loaded = Load(unit);
            done += CopyStart(loaded[(int)(place - OffsetOf(unit))..], bytes[done..]);
        }

        return done;
    }

    /// <summary>Closes it; it may be pruned then. A second time does nothing.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _file.Dispose();
        _store.Unpin(_path);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private static int CopyStart(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int part = Math.Min(source.Length, destination.Length);
        source[..part].CopyTo(destination);
        return part;
    }

    private long OffsetOf(long unit) =>
        unit == HeaderUnit ? 0 : unit == Description.Chunks ? _footerOffset : _header.OffsetOfChunk(unit);

    private long EndOf(long unit) => unit == Description.Chunks ? FileBytes : OffsetOf(unit + 1);

    /// <summary>The whole unit, verified; kept until another is asked for.</summary>
    private ReadOnlySpan<byte> Load(long unit)
    {
        long offset = OffsetOf(unit);
        Span<byte> bytes = _buffer.AsSpan(0, (int)(EndOf(unit) - offset));
        if (_unit == unit)
        {
            return bytes;
        }

        _unit = None;
        int read = SnapshotTools.ReadFully(_file, bytes, offset);
        SnapshotFault? fault = read < bytes.Length
            ? SnapshotFormat.Damaged(offset, $"{bytes.Length} bytes", $"the end of the file at byte {offset + read}")
            : Check(unit, bytes, offset);
        if (fault is not null)
        {
            throw SnapshotException.Of(_path, fault);
        }

        _unit = unit;
        return bytes;
    }

    private SnapshotFault? Check(long unit, ReadOnlySpan<byte> bytes, long offset)
    {
        if (unit == HeaderUnit)
        {
            SnapshotFault? fault = SnapshotFormat.ReadHeader(bytes, SnapshotExpectation.Anything, out SnapshotHeader? header);
            return fault ?? SnapshotFormat.CheckCrc(0, "header", header!.Crc, _header.Crc);
        }

        if (unit == Description.Chunks)
        {
            return SnapshotFormat.ReadFooter(_header, bytes, offset, out _);
        }

        SnapshotFault? length = SnapshotFormat.ReadChunkBytes(_header, bytes, offset, out int chunkBytes);
        if (length is null && chunkBytes != bytes.Length - SnapshotFormat.ChunkHeadBytes)
        {
            length = SnapshotFormat.Damaged(
                offset, $"a chunk of {bytes.Length - SnapshotFormat.ChunkHeadBytes} bytes", $"one of {chunkBytes}");
        }

        return length ?? SnapshotFormat.CheckChunk(_header, unit, bytes, offset);
    }
}
