namespace Graft.Consensus;

/// <summary>The checksums of three pieces of equal length at once, joined into that of the whole.</summary>
/// <remarks>
/// The instruction takes three cycles to answer and can be begun in each: one chain of them leaves two thirds of the unit idle.
/// (V. Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel, 2011.)
/// </remarks>
internal sealed class Crc32CLanes
{
    private const int Lanes = 3;

    private readonly int _words;

    // What a state becomes behind one lane of zeros, by each of its four bytes: the states are a vector space over GF(2).
    private readonly uint[] _skips = new uint[4 * 256];

    /// <param name="words">How many words of eight bytes a lane has.</param>
    internal Crc32CLanes(int words)
    {
        _words = words;
        for (int bit = 0; bit < 32; bit++)
        {
            uint skipped = 1u << bit;
            for (int i = 0; i < words; i++)
            {
                skipped = Crc32C.Next(skipped, 0);
            }

            Span<uint> table = _skips.AsSpan(bit / 8 * 256, 256);
            for (int value = 0; value < 256; value++)
            {
                table[value] ^= (value >> (bit % 8) & 1) != 0 ? skipped : 0;
            }
        }
    }

    /// <summary>Takes from the front of <paramref name="words"/> as much as fills the lanes, as often as it does.</summary>
    /// <param name="crc">The state before: without the complement that makes it a checksum.</param>
    /// <param name="words">The data; what is left of it.</param>
    internal uint Continue(uint crc, ref ReadOnlySpan<ulong> words)
    {
        for (; words.Length >= Lanes * _words; words = words[(Lanes * _words)..])
        {
            ReadOnlySpan<ulong> first = words[.._words];
            ReadOnlySpan<ulong> second = words.Slice(_words, _words);
            ReadOnlySpan<ulong> third = words.Slice(2 * _words, _words);
            uint ofSecond = 0;
            uint ofThird = 0;
            for (int i = 0; i < first.Length && i < second.Length && i < third.Length; i++)
            {
                crc = Crc32C.Next(crc, first[i]);
                ofSecond = Crc32C.Next(ofSecond, second[i]);
                ofThird = Crc32C.Next(ofThird, third[i]);
            }

            crc = Skip(Skip(crc) ^ ofSecond) ^ ofThird;
        }

        return crc;
    }

    private uint Skip(uint crc) =>
        _skips[crc & 0xFF] ^ _skips[256 + (crc >> 8 & 0xFF)] ^ _skips[512 + (crc >> 16 & 0xFF)] ^ _skips[768 + (crc >> 24)];
}
