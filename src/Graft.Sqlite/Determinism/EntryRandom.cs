namespace Graft.Sqlite;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014), begun anew for each entry with the entry's seed. Part of the format: another generator would give other rows.</summary>
internal record struct EntryRandom
{
    private ulong _state;

    internal EntryRandom(ulong seed) => _state = seed;

    internal ulong Next()
    {
        unchecked
        {
            ulong mixed = _state += 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>Eight bytes of each number, the lowest first; of the last as many as are wanted.</summary>
    internal void Fill(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i += sizeof(ulong))
        {
            ulong number = Next();
            for (int k = 0; k < sizeof(ulong) && i + k < bytes.Length; k++)
            {
                bytes[i + k] = (byte)(number >> (8 * k) & 0xFF);
            }
        }
    }
}
