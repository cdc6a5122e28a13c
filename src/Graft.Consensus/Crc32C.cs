using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Graft.Consensus;

/// <summary>CRC-32C (Castagnoli; RFC 3720 appendix B.4), by the processor's instruction where there is one.</summary>
public static class Crc32C
{
    // 240 bytes at a time for what is typical of an entry, 3 KiB for the large ones: joining the lanes costs as much as 40 bytes.
    private static readonly Crc32CLanes Short = new(10);
    private static readonly Crc32CLanes Long = new(128);

    /// <summary>The checksum of <paramref name="data"/>. Of "123456789" it is 0xE3069283.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => Continue(0, data);

    /// <summary>The checksum of what <paramref name="checksum"/> covers followed by <paramref name="data"/>.</summary>
    public static uint Continue(uint checksum, ReadOnlySpan<byte> data)
    {
        uint crc = ~checksum;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        ReadOnlySpan<byte> rest = data[(words.Length * sizeof(ulong))..];
        crc = Long.Continue(crc, ref words);
        crc = Short.Continue(crc, ref words);
        foreach (ulong word in words)
        {
            crc = Next(crc, word);
        }

        if (rest.Length >= sizeof(uint))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt32LittleEndian(rest));
            rest = rest[sizeof(uint)..];
        }

        foreach (byte last in rest)
        {
            crc = BitOperations.Crc32C(crc, last);
        }

        return ~crc;
    }

    internal static uint Next(uint crc, ulong word) =>
        BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
}
