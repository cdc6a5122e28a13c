using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The 64 bytes before every body (docs/internals/storage-format.md, 2.2).</summary>
internal struct RecordHeader
{
    internal const int Size = 64;

    /// <summary>Terms, indexes, sequence numbers and those of batches and segments are below it.</summary>
    internal const ulong NumberLimit = 1UL << 62;

    internal uint Check;
    internal uint Previous;
    internal ulong Sequence;
    internal ulong Batch;
    internal ulong Group;
    internal ulong Index;
    internal ulong Term;
    internal uint Length;
    internal uint BodyChecksum;
    internal uint Segment;
    internal RecordKind Kind;
    internal RecordFlags Flags;

    internal readonly bool IsEntry => Kind is RecordKind.Command or RecordKind.NoOp or RecordKind.Membership;

    /// <summary>Whether its kind is known and its numbers are ones that a log can come to (R2).</summary>
    /// <remarks>
    /// A check that is right says who wrote the bytes, not that they make sense. What passes here can be counted on from, one up or
    /// down, without an overflow.
    /// </remarks>
    internal readonly bool IsPossible =>
        Kind is >= RecordKind.Command and <= RecordKind.Runs
        && Sequence is > 0 and < NumberLimit && Batch is > 0 and < NumberLimit && Index < NumberLimit && Term < NumberLimit
        && (!IsEntry || Index > 0) && (Kind != RecordKind.End || Term < uint.MaxValue);

    /// <summary>How many bytes the record takes, padding included.</summary>
    internal readonly long Extent => ExtentOf(Length);

    internal static long ExtentOf(long bodyLength) => Size + ((bodyLength + 7) & ~7L);

    /// <summary>Whether the check is right (R1), and the record of this segment (R3).</summary>
    internal static bool IsValid(ReadOnlySpan<byte> bytes, uint segment) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]) == segment || Planted.RecycledTailAccepted)
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Crc32C.Of(bytes[4..Size]);

    internal static RecordHeader Read(ReadOnlySpan<byte> bytes) => new()
    {
        Check = BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        Previous = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        Sequence = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        Batch = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
        Group = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
        Index = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
        Term = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
        Length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..]),
        BodyChecksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[52..]),
        Segment = BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]),
        Kind = (RecordKind)bytes[60],
        Flags = (RecordFlags)bytes[61],
    };

    /// <summary>Writes the header and computes its check.</summary>
    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Previous);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Batch);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], Group);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], Index);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], Term);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[48..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[52..], BodyChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[56..], Segment);
        bytes[60] = (byte)Kind;
        bytes[61] = (byte)Flags;
        bytes[62] = 0;
        bytes[63] = 0;
        Check = Crc32C.Of(bytes[4..Size]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Check);
    }

    public override readonly string ToString() =>
        $"#{Sequence} batch {Batch} {Kind}{(Flags == RecordFlags.None ? "" : $" ({Flags})")} g{Group} {Index}@t{Term} {Length} B";
}
