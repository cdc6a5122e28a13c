using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The first block of a segment (docs/internals/storage-format.md, 2.1).</summary>
internal readonly record struct SegmentHeader(ushort Version, ClusterId Cluster, NodeId Node, ulong Number, long FileSize)
{
    internal const ushort CurrentVersion = 1;

    /// <summary>Where the records begin. A whole block, so that no record shares a sector with the header.</summary>
    internal const int Size = 4096;

    private const int Used = 64;

    private static ReadOnlySpan<byte> Magic => "GRAFTLOG"u8;

    internal static bool TryRead(ReadOnlySpan<byte> bytes, out SegmentHeader header)
    {
        header = default;
        if (bytes.Length < Used || !bytes[..8].SequenceEqual(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C.Of(bytes[..60]))
        {
            return false;
        }

        header = new SegmentHeader(
            BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]),
            new ClusterId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..])),
            new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..])),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            (long)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]), long.MaxValue));
        return true;
    }

    /// <summary>Writes the whole block.</summary>
    internal void Write(Span<byte> block)
    {
        block.Clear();
        Magic.CopyTo(block);
        BinaryPrimitives.WriteUInt16LittleEndian(block[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(block[12..], Size);
        BinaryPrimitives.WriteUInt64LittleEndian(block[16..], Cluster.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(block[24..], Node.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(block[32..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(block[40..], (ulong)FileSize);
        BinaryPrimitives.WriteUInt32LittleEndian(block[60..], Crc32C.Of(block[..60]));
    }
}
