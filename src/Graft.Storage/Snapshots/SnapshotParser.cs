using System.Buffers;
using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Takes a snapshot file's bytes in pieces of any size, and gives them back unit by unit, verified.</summary>
/// <remarks>
/// <para>A unit is the header, a chunk or the footer. States, in this order: in the header, in the chunks, at the end.</para>
/// <para>Memory: one unit, whatever the file claims; the claims are bounded before they are believed.</para>
/// </remarks>
internal sealed class SnapshotParser(SnapshotExpectation expectation) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(SnapshotFormat.HeaderBytesMax);
    private int _gathered;
    private int _unitBytes;
    private uint _fileCrc;
    private int _lastChunkBytes;

    /// <summary>Null until it's verified.</summary>
    public SnapshotHeader? Header { get; private set; }

    /// <summary>Null until it's verified, and with it the whole.</summary>
    public SnapshotFooter? Footer { get; private set; }

    public long Chunks { get; private set; }

    public long ContentBytes { get; private set; }

    /// <summary>Where the last verified unit ends.</summary>
    public long VerifiedBytes { get; private set; }

    /// <summary>Which byte of the file comes next.</summary>
    public long Position => VerifiedBytes + _gathered;

    /// <summary>The unit that <see cref="TryTake"/> has just completed; until it's called again.</summary>
    public ReadOnlySpan<byte> Unit => _buffer.AsSpan(0, _unitBytes);

    /// <summary>Takes from the front of <paramref name="source"/> until a unit is complete or nothing is left.</summary>
    /// <returns>Whether <see cref="Unit"/> is a verified unit, which ends at <see cref="VerifiedBytes"/>.</returns>
    /// <param name="source">Gets shorter by what was taken.</param>
    /// <param name="fault">
    /// Why the unit is refused. What was gathered of it is forgotten: <see cref="Position"/> is where it begins.
    /// </param>
    public bool TryTake(ref ReadOnlySpan<byte> source, out SnapshotFault? fault)
    {
        _unitBytes = 0;
        while (true)
        {
            fault = Footer is null || source.Length == 0
                ? NextGoal(out int goal)
                : AfterTheEnd(source.Length, out goal);
            if (fault is null && _gathered < goal)
            {
                if (source.Length == 0)
                {
                    return false;
                }

                Gather(ref source, goal);
                continue;
            }

            fault ??= Verify(_buffer.AsSpan(0, goal));
            _gathered = 0;
            if (fault is not null)
            {
                return false;
            }

            _unitBytes = goal;
            VerifiedBytes += goal;
            return true;
        }
    }

    /// <summary>Forgets the unit that was begun.</summary>
    public void DropUnit() => _gathered = 0;

    /// <summary>What a file that ends here lacks; null if nothing.</summary>
    public SnapshotFault? CheckEnd()
    {
        if (Footer is not null)
        {
            return null;
        }

        string part = Header is null ? "a whole header" : $"chunk {Chunks} or the footer, whole";
        return SnapshotFormat.Damaged(VerifiedBytes, part, $"the end of the file at byte {Position}");
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private SnapshotFault AfterTheEnd(int bytes, out int goal)
    {
        goal = 0;
        return SnapshotFormat.Damaged(VerifiedBytes, "the end of the file", $"{bytes} or more bytes behind it");
    }

    /// <summary>How many bytes have to be gathered before more is known; the whole unit once that is known.</summary>
    private SnapshotFault? NextGoal(out int goal)
    {
        if (Header is null)
        {
            goal = SnapshotFormat.PrefixBytes;
            return _gathered < goal ? null : SnapshotFormat.ReadPrefix(_buffer, out goal);
        }

        goal = sizeof(uint);
        if (_gathered < goal)
        {
            return null;
        }

        SnapshotFault? fault = SnapshotFormat.ReadChunkBytes(Header, _buffer, VerifiedBytes, out int chunkBytes);
        goal = chunkBytes == 0 ? SnapshotFormat.FooterBytes : SnapshotFormat.ChunkHeadBytes + chunkBytes;
        return fault is null && chunkBytes > 0 && Chunks > 0 && _lastChunkBytes < Header.ChunkBytes
            ? SnapshotFormat.Damaged(VerifiedBytes, "the footer behind a short chunk", $"a chunk of {chunkBytes} bytes")
            : fault;
    }

    private void Gather(ref ReadOnlySpan<byte> source, int goal)
    {
        int part = Math.Min(goal - _gathered, source.Length);
        source[..part].CopyTo(_buffer.AsSpan(_gathered));
        _gathered += part;
        source = source[part..];
    }

    private SnapshotFault? Verify(ReadOnlySpan<byte> unit)
    {
        // Before it is looked at: behind a header the buffer that it lies in may be another's.
        uint crc = Crc32C.Continue(_fileCrc, unit);
        SnapshotFault? fault = Header is null ? VerifyHeader(unit)
            : BinaryPrimitives.ReadUInt32LittleEndian(unit) == 0 ? VerifyFooter(Header, unit)
            : VerifyChunk(Header, unit);
        _fileCrc = fault is null ? crc : _fileCrc;
        return fault;
    }

    private SnapshotFault? VerifyHeader(ReadOnlySpan<byte> unit)
    {
        SnapshotFault? fault = SnapshotFormat.ReadHeader(unit, expectation, out SnapshotHeader? header);
        if (header is not null && SnapshotFormat.ChunkHeadBytes + header.ChunkBytes > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(SnapshotFormat.ChunkHeadBytes + header.ChunkBytes);
            unit.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        Header = header;
        return fault;
    }

    private SnapshotFault? VerifyChunk(SnapshotHeader header, ReadOnlySpan<byte> unit)
    {
        SnapshotFault? fault = SnapshotFormat.CheckChunk(header, Chunks, unit, VerifiedBytes);
        if (fault is null)
        {
            Chunks++;
            _lastChunkBytes = unit.Length - SnapshotFormat.ChunkHeadBytes;
            ContentBytes += _lastChunkBytes;
        }

        return fault;
    }

    private SnapshotFault? VerifyFooter(SnapshotHeader header, ReadOnlySpan<byte> unit)
    {
        SnapshotFault? fault = SnapshotFormat.ReadFooter(header, unit, VerifiedBytes, out SnapshotFooter footer);
        if (fault is null && footer.ContentBytes != ContentBytes)
        {
            fault = SnapshotFormat.Damaged(VerifiedBytes + 16, $"a content length of {ContentBytes}", $"{footer.ContentBytes}");
        }

        fault ??= SnapshotFormat.CheckCrc(VerifiedBytes + 4, "file", _fileCrc, footer.FileCrc);
        Footer = fault is null ? footer : null;
        return fault;
    }
}
