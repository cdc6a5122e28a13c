using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The parts of a snapshot file as bytes; docs/internals/snapshot-format.md is the specification, and (S1)… are its conditions.</summary>
/// <remarks>What reads returns a fault and never throws, whatever the bytes.</remarks>
internal static class SnapshotFormat
{
    public const uint Version = 1;
    public const int ChunkBytesMax = 16 * 1024 * 1024;
    public const int HeaderBytesMax = 64 * 1024;

    /// <summary>As much as it takes to know how long the header is.</summary>
    public const int PrefixBytes = 16;

    public const int ChunkHeadBytes = 8;
    public const int FooterBytes = 36;

    public const int ClusterOffset = 16;
    public const int GroupOffset = 24;
    public const int LastOffset = 32;
    public const int MembershipIndexOffset = 48;
    public const int MembershipOffset = 64;

    private const int VersionOffset = 8;
    private const int HeaderBytesOffset = 12;
    private const int ChunkBytesOffset = 56;
    private const int MembershipBytesOffset = 60;
    private const int CrcBytes = 4;
    private const int HeaderBytesMin = PrefixBytes + CrcBytes;

    private static ReadOnlySpan<byte> Magic => "GRAFTSNP"u8;

    private static ReadOnlySpan<byte> EndMagic => "GRAFTEND"u8;

    public static byte[] WriteHeader(ClusterId cluster, GroupId group, Snapshot snapshot, int chunkBytes, out SnapshotHeader header)
    {
        int membershipBytes = MembershipCodec.GetSize(snapshot.Membership);
        byte[] bytes = new byte[MembershipOffset + membershipBytes + CrcBytes];
        Magic.CopyTo(bytes);
        WriteUInt32(bytes, VersionOffset, Version);
        WriteUInt32(bytes, HeaderBytesOffset, (uint)bytes.Length);
        WriteUInt64(bytes, ClusterOffset, cluster.Value);
        WriteUInt64(bytes, GroupOffset, group.Value);
        WriteUInt64(bytes, LastOffset, snapshot.Last.Index.Value);
        WriteUInt64(bytes, LastOffset + 8, snapshot.Last.Term.Value);
        WriteUInt64(bytes, MembershipIndexOffset, snapshot.MembershipIndex.Value);
        WriteUInt32(bytes, ChunkBytesOffset, (uint)chunkBytes);
        WriteUInt32(bytes, MembershipBytesOffset, (uint)membershipBytes);
        MembershipCodec.Write(snapshot.Membership, bytes.AsSpan(MembershipOffset));
        WriteUInt32(bytes, bytes.Length - CrcBytes, Crc32C.Of(bytes.AsSpan(..^CrcBytes)));

        // What can't be read back must not be written: an impossible position would be found at the next start only.
        SnapshotFault? fault = ReadHeader(bytes, SnapshotExpectation.Anything, out header!);
        return fault is null ? bytes : throw new ArgumentException($"This is no snapshot: {fault}.", nameof(snapshot));
    }

    /// <summary>(S1) and the length of (S2), from the first <see cref="PrefixBytes"/>.</summary>
    public static SnapshotFault? ReadPrefix(ReadOnlySpan<byte> bytes, out int headerBytes)
    {
        headerBytes = 0;
        if (!bytes.StartsWith(Magic))
        {
            return Damaged(0, $"the magic {Text(Magic)}", Text(bytes[..Magic.Length]));
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[HeaderBytesOffset..]);
        if (length is < HeaderBytesMin or > HeaderBytesMax)
        {
            return Damaged(HeaderBytesOffset, $"a header length of {HeaderBytesMin} to {HeaderBytesMax}", $"{length}");
        }

        headerBytes = (int)length;
        return null;
    }

    /// <summary>(S2) to (S5), from the whole header.</summary>
    public static SnapshotFault? ReadHeader(ReadOnlySpan<byte> bytes, SnapshotExpectation expectation, out SnapshotHeader? header)
    {
        header = null;
        uint crc = Crc32C.Of(bytes[..^CrcBytes]);
        if (CheckCrc(0, "header", crc, BinaryPrimitives.ReadUInt32LittleEndian(bytes[^CrcBytes..])) is { } rot)
        {
            return rot;
        }

        // Only now: a flipped bit of the version must not pass for a newer program's file.
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[VersionOffset..]);
        if (version != Version)
        {
            return new SnapshotFault(
                SnapshotValidity.UnknownFormat, VersionOffset, $"format {Version}, the newest this program reads", $"format {version}");
        }

        uint membershipBytes = bytes.Length < MembershipOffset + CrcBytes
            ? uint.MaxValue
            : BinaryPrimitives.ReadUInt32LittleEndian(bytes[MembershipBytesOffset..]);
        if (membershipBytes != bytes.Length - MembershipOffset - CrcBytes)
        {
            return Damaged(HeaderBytesOffset, "a header that its membership fills", $"{bytes.Length} bytes");
        }

        uint chunkBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChunkBytesOffset..]);
        if (chunkBytes is 0 or > ChunkBytesMax)
        {
            return Damaged(ChunkBytesOffset, $"a chunk size of 1 to {ChunkBytesMax}", $"{chunkBytes}");
        }

        if (!MembershipCodec.TryRead(bytes[MembershipOffset..^CrcBytes], out Membership membership, out string error))
        {
            return Damaged(MembershipOffset, "a membership", $"none: {error.TrimEnd('.')}");
        }

        EntryId last = EntryId.Of(ReadUInt64(bytes, LastOffset + 8), ReadUInt64(bytes, LastOffset));
        var membershipIndex = new LogIndex(ReadUInt64(bytes, MembershipIndexOffset));
        if (membershipIndex > last.Index)
        {
            return Damaged(MembershipIndexOffset, $"a configuration of index {last.Index} at most", $"one of index {membershipIndex}");
        }

        var read = new SnapshotHeader(
            new ClusterId(ReadUInt64(bytes, ClusterOffset)),
            new GroupId(ReadUInt64(bytes, GroupOffset)),
            new Snapshot(last, membership, membershipIndex),
            (int)chunkBytes,
            bytes.Length,
            crc);
        if (expectation.Check(read) is { } other)
        {
            return other;
        }

        header = read;
        return null;
    }

    /// <summary>Fills in the head of a chunk whose content is in its place already.</summary>
    public static void SealChunk(SnapshotHeader header, long number, Span<byte> chunk)
    {
        WriteUInt32(chunk, 0, (uint)(chunk.Length - ChunkHeadBytes));
        WriteUInt32(chunk, 4, CrcOfChunk(header, number, chunk));
    }

    /// <summary>(S6) for the length, without the content. Zero is the footer's.</summary>
    public static SnapshotFault? ReadChunkBytes(SnapshotHeader header, ReadOnlySpan<byte> head, long offset, out int chunkBytes)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(head);
        chunkBytes = (int)Math.Min(length, (uint)header.ChunkBytes);
        return length <= (uint)header.ChunkBytes
            ? null
            : Damaged(offset, $"a chunk of at most {header.ChunkBytes} bytes", $"one of {length}");
    }

    /// <summary>(S6) for the checksum, from the whole chunk.</summary>
    public static SnapshotFault? CheckChunk(SnapshotHeader header, long number, ReadOnlySpan<byte> chunk, long offset) =>
        CheckCrc(offset, $"chunk {number}", CrcOfChunk(header, number, chunk), BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]));

    public static void WriteFooter(SnapshotHeader header, SnapshotFooter footer, Span<byte> bytes)
    {
        bytes[..4].Clear();
        WriteUInt32(bytes, 4, footer.FileCrc);
        WriteUInt64(bytes, 8, (ulong)footer.FileBytes);
        WriteUInt64(bytes, 16, (ulong)footer.ContentBytes);
        WriteUInt32(bytes, 24, CrcOfFooter(header, bytes));
        EndMagic.CopyTo(bytes[28..]);
    }

    /// <summary>(S7), and (S8) but for the content, from the whole footer that begins at <paramref name="offset"/>.</summary>
    public static SnapshotFault? ReadFooter(SnapshotHeader header, ReadOnlySpan<byte> bytes, long offset, out SnapshotFooter footer)
    {
        footer = default;
        if (!bytes[28..].SequenceEqual(EndMagic))
        {
            return Damaged(offset, $"a chunk, or a footer with the magic {Text(EndMagic)}", Text(bytes[28..]));
        }

        if (CheckCrc(offset, "footer", CrcOfFooter(header, bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..])) is { } rot)
        {
            return rot;
        }

        footer = new SnapshotFooter(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != 0)
        {
            return Damaged(offset, "the zero that ends the chunks", $"{BinaryPrimitives.ReadUInt32LittleEndian(bytes)}");
        }

        return footer.FileBytes == offset + FooterBytes
            ? null
            : Damaged(offset + 8, $"a file length of {offset + FooterBytes}", $"{footer.FileBytes}");
    }

    public static SnapshotFault? CheckCrc(long offset, string part, uint computed, uint stored) =>
        computed == stored
            ? null
            : Damaged(offset, $"a {part} with the CRC {Hex(stored)} that is stored with it", $"one with {Hex(computed)}");

    public static SnapshotFault Damaged(long offset, string expected, string found) =>
        new(SnapshotValidity.Damaged, offset, expected, found);

    private static uint CrcOfChunk(SnapshotHeader header, long number, ReadOnlySpan<byte> chunk)
    {
        Span<byte> seed = stackalloc byte[16];
        WriteUInt32(seed, 0, header.Crc);
        WriteUInt64(seed, 4, (ulong)number);
        chunk[..4].CopyTo(seed[12..]);
        return Crc32C.Continue(Crc32C.Of(seed), chunk[ChunkHeadBytes..]);
    }

    private static uint CrcOfFooter(SnapshotHeader header, ReadOnlySpan<byte> bytes)
    {
        Span<byte> seed = stackalloc byte[4];
        WriteUInt32(seed, 0, header.Crc);
        return Crc32C.Continue(Crc32C.Of(seed), bytes[..24]);
    }

    // What was found may be anything; a log line may not.
    private static string Text(ReadOnlySpan<byte> bytes)
    {
        bool isPrintable = !bytes.ContainsAnyExceptInRange((byte)' ', (byte)'~');
        return isPrintable ? $"\"{Encoding.ASCII.GetString(bytes)}\"" : $"the bytes {Convert.ToHexStringLower(bytes)}";
    }

    private static string Hex(uint value) => value.ToString("x8", CultureInfo.InvariantCulture);

    private static void WriteUInt32(Span<byte> bytes, int offset, uint value) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[offset..], value);

    private static void WriteUInt64(Span<byte> bytes, int offset, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[offset..], value);

    private static ulong ReadUInt64(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);
}
