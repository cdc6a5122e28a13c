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

    /// <summary>Whether the check and the tag are right (R1), and the record of this segment (R3).</summary>
    internal static bool IsValid(ReadOnlySpan<byte> bytes, uint segment, ulong salt) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]) == segment || Planted.RecycledTailAccepted)
        && (IsOf(bytes, salt) || (Planted.SaltNotChecked && IsOf(bytes, salt: 0)));

    /// <summary>The check that these 64 bytes should have in a directory with this salt.</summary>
    /// <remarks>
    /// A CRC is affine: to begin it with the salt and to add the salt behind it change the check of 60 bytes by a constant alike. So this
    /// is as good, costs nothing, and a tool can tell the salt of a directory from a record that it knows.
    /// </remarks>
    internal static uint CheckOf(ReadOnlySpan<byte> bytes, ulong salt) => Crc32C.Of(bytes[4..Size]) ^ (uint)(salt & uint.MaxValue);

    /// <summary>The bits of the salt that the check has no room for, and a record has.</summary>
    internal static ushort TagOf(ulong salt) => (ushort)((salt >> 32) & ushort.MaxValue);

    /// <summary>The salt that this record was written with, as far as records have it; meaningless of anything but a record.</summary>
    internal static ulong SaltOf(ReadOnlySpan<byte> bytes) =>
        ((ulong)BinaryPrimitives.ReadUInt16LittleEndian(bytes[62..]) << 32) | (BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ CheckOf(bytes, salt: 0));

    private static bool IsOf(ReadOnlySpan<byte> bytes, ulong salt) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[62..]) == TagOf(salt)
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == CheckOf(bytes, salt);

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
    internal void Write(Span<byte> bytes, ulong salt)
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
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[62..], TagOf(salt));
        Check = CheckOf(bytes, salt);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Check);
    }

    public override readonly string ToString() =>
        $"#{Sequence} batch {Batch} {Kind}{(Flags == RecordFlags.None ? "" : $" ({Flags})")} g{Group} {Index}@t{Term} {Length} B";
}
