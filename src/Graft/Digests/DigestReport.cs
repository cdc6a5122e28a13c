using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft;

/// <summary>What a node says of its state, as a command of form <see cref="WriteForm.ReportDigest"/>: entry u64, node u64, digest u128, little-endian.</summary>
/// <param name="Entry">The state after this.</param>
/// <param name="Node">Who says so.</param>
/// <param name="Digest">What it is.</param>
internal readonly record struct DigestReport(LogIndex Entry, NodeId Node, UInt128 Digest)
{
    private const int Size = 32;

    internal byte[] Encode()
    {
        byte[] bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Entry.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), Node.Value);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(16), Digest);
        return bytes;
    }

    internal static bool TryRead(ReadOnlySpan<byte> bytes, out DigestReport report)
    {
        bool isWhole = bytes.Length == Size;
        report = isWhole
            ? new DigestReport(
                new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(bytes)),
                new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..])),
                BinaryPrimitives.ReadUInt128LittleEndian(bytes[16..]))
            : default;
        return isWhole;
    }
}
