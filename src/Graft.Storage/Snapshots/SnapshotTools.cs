using System.Buffers;

namespace Graft.Storage;

/// <summary>Looks at a snapshot file wherever it is, and changes nothing.</summary>
public static class SnapshotTools
{
    // As much as one read asks for; the parser's unit is another matter.
    private const int ReadBytes = 64 * 1024;

    /// <summary>What the file says of itself: its header and footer are verified, its content isn't.</summary>
    /// <exception cref="SnapshotException">It doesn't say so, because it's damaged, incomplete or of an unknown format.</exception>
    /// <exception cref="DiskException">The file can't be opened or read.</exception>
    public static SnapshotDescription Describe(IDisk disk, string file)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using IDiskFile open = disk.Open(file, DiskAccess.Read);
        return Describe(file, open, SnapshotExpectation.Anything, out _);
    }

    /// <summary>Reads the whole file and tells whether it's valid, or what the first fault is and where.</summary>
    /// <exception cref="DiskException">The file can't be opened. That it can't be read is a fault.</exception>
    public static SnapshotVerdict Verify(IDisk disk, string file)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return Verify(disk, file, SnapshotExpectation.Anything);
    }

    internal static SnapshotVerdict Verify(IDisk disk, string file, SnapshotExpectation expectation)
    {
        using IDiskFile open = disk.Open(file, DiskAccess.Read);
        using var parser = new SnapshotParser(expectation);
        SnapshotFault? fault = Parse(open, parser) ?? parser.CheckEnd();
        if (fault is not null)
        {
            return new SnapshotVerdict(file, null, fault);
        }

        SnapshotHeader header = parser.Header!;
        return new SnapshotVerdict(file, DescriptionOf(header, parser.Footer!.Value), null);
    }

    /// <summary>Reads and verifies header and footer, and that the lengths fit together.</summary>
    internal static SnapshotDescription Describe(
        string file, IDiskFile open, SnapshotExpectation expectation, out SnapshotHeader header)
    {
        SnapshotFault? fault = ReadEnds(open, expectation, out SnapshotHeader? read, out SnapshotFooter footer);
        header = fault is null ? read! : throw SnapshotException.Of(file, fault);
        return DescriptionOf(header, footer);
    }

    /// <summary>Reads until the span is full or the file ends: one call may bring fewer bytes for any reason.</summary>
    internal static int ReadFully(IDiskFile file, Span<byte> bytes, long offset)
    {
        int done = 0;
        while (done < bytes.Length)
        {
            int read = file.Read(bytes[done..], offset + done);
            if (read == 0)
            {
                break;
            }

            done += read;
        }

        return done;
    }

    private static SnapshotFault? Parse(IDiskFile file, SnapshotParser parser)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            while (true)
            {
                int read = file.Read(buffer.AsSpan(0, ReadBytes), parser.Position);
                if (read == 0)
                {
                    return null;
                }

                ReadOnlySpan<byte> rest = buffer.AsSpan(0, read);
                while (parser.TryTake(ref rest, out SnapshotFault? fault) || fault is not null)
                {
                    if (fault is not null)
                    {
                        return fault;
                    }
                }
            }
        }
        catch (DiskException exception)
        {
            return SnapshotFormat.Damaged(parser.Position, "a readable byte", $"a disk that says \"{exception.Message}\"");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static SnapshotFault? ReadEnds(
        IDiskFile file, SnapshotExpectation expectation, out SnapshotHeader? header, out SnapshotFooter footer)
    {
        (header, footer) = (null, default);
        Span<byte> prefix = stackalloc byte[SnapshotFormat.PrefixBytes];
        int read = ReadFully(file, prefix, 0);
        if (read < prefix.Length)
        {
            return SnapshotFormat.Damaged(0, "a whole header", $"the end of the file at byte {read}");
        }

        if (SnapshotFormat.ReadPrefix(prefix, out int headerBytes) is { } noHeader)
        {
            return noHeader;
        }

        byte[] bytes = new byte[headerBytes];
        read = ReadFully(file, bytes, 0);
        if (read < headerBytes)
        {
            return SnapshotFormat.Damaged(0, "a whole header", $"the end of the file at byte {read}");
        }

        if (SnapshotFormat.ReadHeader(bytes, expectation, out header) is { } badHeader)
        {
            return badHeader;
        }

        Span<byte> end = stackalloc byte[SnapshotFormat.FooterBytes];
        long offset = file.Length - end.Length;
        if (offset < headerBytes || ReadFully(file, end, offset) < end.Length)
        {
            return SnapshotFormat.Damaged(headerBytes, "a chunk or the footer, whole", $"the end of the file at byte {file.Length}");
        }

        if (SnapshotFormat.ReadFooter(header!, end, offset, out footer) is { } badFooter)
        {
            return badFooter;
        }

        // The content length is untrusted until it's within the file, and the arithmetic on it might overflow.
        long content = footer.ContentBytes;
        bool fits = content >= 0 && content <= offset
            && headerBytes + content + (header!.ChunksOf(content) * SnapshotFormat.ChunkHeadBytes) == offset;
        return fits ? null : SnapshotFormat.Damaged(offset + 16, "the content length that fills the file", $"{content}");
    }

    private static SnapshotDescription DescriptionOf(SnapshotHeader header, SnapshotFooter footer) =>
        new(
            header.Cluster,
            header.Group,
            header.Snapshot with { Bytes = footer.FileBytes },
            footer.ContentBytes,
            header.ChunkBytes,
            header.ChunksOf(footer.ContentBytes));
}
