using System.Numerics;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The checksum that an entry gets where it is born and keeps wherever it goes.</summary>
/// <remarks>
/// Every door compares it: receipt, recovery, each read. Whoever computes it anew from bytes that came from elsewhere
/// certifies whatever happened to them on the way (bug museum H17).
/// </remarks>
public static class EntryChecksum
{
    /// <summary>The CRC-32C of the entry's index, term, kind and payload (docs/internals/storage-format.md, 2.2).</summary>
    public static uint Of(EntryId id, EntryKind kind, ReadOnlySpan<byte> payload) => Of(id.Index.Value, id.Term.Value, (byte)kind, payload);

    internal static uint Of(ulong index, ulong term, byte kind, ReadOnlySpan<byte> body)
    {
        uint crc = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, index), Planted.ChecksumWithoutTerm ? 0 : term);
        return Crc32C.Continue(~BitOperations.Crc32C(crc, kind), body);
    }
}
