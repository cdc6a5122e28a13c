using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The checksum that an entry gets where it is born and keeps wherever it goes.</summary>
/// <remarks>
/// Every door compares it: receipt, recovery, each read. Whoever computes it anew from bytes that came from elsewhere
/// certifies whatever happened to them on the way (bug museum H17).
/// </remarks>
public static class EntryChecksum
{
    private const int PrefixSize = 17;

    /// <summary>The CRC-32C of the entry's index, term, kind and payload (docs/internals/storage-format.md, 2.2).</summary>
    public static uint Of(EntryId id, EntryKind kind, ReadOnlySpan<byte> payload) => Of(id.Index.Value, id.Term.Value, (byte)kind, payload);

    internal static uint Of(ulong index, ulong term, byte kind, ReadOnlySpan<byte> body)
    {
        Span<byte> prefix = stackalloc byte[PrefixSize];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, index);
        BinaryPrimitives.WriteUInt64LittleEndian(prefix[8..], Planted.ChecksumWithoutTerm ? 0 : term);
        prefix[16] = kind;
        return Crc32C.Continue(Crc32C.Of(prefix), body);
    }
}
