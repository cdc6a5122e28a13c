using System.Diagnostics;
using System.Globalization;
using Graft.Consensus;

namespace Graft.Storage.Tests.Fuzzing;

/// <summary>Feeds inputs until a budget of bytes is used up, and holds each to a bound of time and memory.</summary>
/// <remarks>
/// GRAFT_FUZZ_BYTES sets the budget of each target in MiB (a night: 100000), GRAFT_FUZZ_SEED the first seed. A failure names the seed
/// of its input: GRAFT_FUZZ_SEED=that and GRAFT_FUZZ_BYTES=0 give that input alone.
/// </remarks>
internal static class Fuzz
{
    // A slow machine under load reads a segment of 64 KiB in far less. What takes longer doesn't depend on the input's size alone.
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);

    internal static readonly ulong[] Hostile =
    [
        0, 1, 2, 63, 64, 255, 256, 2047, 2048, 65_535, 65_536, 1UL << 31, (1UL << 32) - 1, 1UL << 32, (1UL << 32) + 1, 1UL << 48, 1UL << 60,
        (1UL << 62) - 2, (1UL << 62) - 1, 1UL << 62, (1UL << 62) + 1, (1UL << 63) - 1, 1UL << 63, ulong.MaxValue - 1, ulong.MaxValue,
    ];

    /// <param name="budget">In bytes, unless the environment says otherwise.</param>
    /// <param name="allocationPerByte">What may be allocated for each byte of input, above a flat 16 MiB.</param>
    /// <param name="feed">Makes an input, feeds it and returns its size.</param>
    internal static void Run(long budget, int allocationPerByte, Func<SeededRandom, long> feed)
    {
        ulong seed = Number("GRAFT_FUZZ_SEED") ?? 1;
        long left = Number("GRAFT_FUZZ_BYTES") is { } mebibytes ? (long)mebibytes << 20 : budget;
        do
        {
            long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
            long begun = Stopwatch.GetTimestamp();
            long size;
            try
            {
                size = feed(new SeededRandom(seed));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}: {exception.GetType().Name}: {exception.Message}", exception);
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeMax, $"seed {seed}: took {Stopwatch.GetElapsedTime(begun)}");
            Assert.True(allocated < (16 << 20) + (size * allocationPerByte), $"seed {seed}: {allocated} bytes allocated for {size}");
            left -= size;
            seed++;
        }
        while (left > 0);
    }

    internal static ulong Pick(SeededRandom random) =>
        random.Chance(700) ? Hostile[random.Next(0, Hostile.Length - 1)] : random.NextUInt64() >> random.Next(0, 63);

    /// <summary>Damage that no checksum survives: flips, rubbish, copies of one place at another, a new end.</summary>
    internal static byte[] Spoil(SeededRandom random, byte[] bytes, byte[] other)
    {
        if (bytes.Length == 0)
        {
            return bytes;
        }

        int at = random.Next(0, bytes.Length - 1);
        int count = Math.Min(random.Next(1, 1 << random.Next(0, 13)), bytes.Length - at);
        switch (random.Next(0, 5))
        {
            case 0:
                for (int i = random.Next(1, 8); i > 0; i--)
                {
                    bytes[random.Next(0, bytes.Length - 1)] ^= (byte)(1 << random.Next(0, 7));
                }

                return bytes;
            case 1:
                foreach (ref byte each in bytes.AsSpan(at, count))
                {
                    each = (byte)random.NextBelow(256);
                }

                return bytes;
            case 2:
                bytes.AsSpan(at, count).Clear();
                return bytes;
            case 3:
                return bytes[..at];
            case 4 when other.Length > 0:
                int from = random.Next(0, other.Length - 1) & ~7;
                int part = Math.Min(count, other.Length - from);
                other.AsSpan(from, Math.Min(part, bytes.Length - (at & ~7))).CopyTo(bytes.AsSpan(at & ~7));
                return bytes;
            default:
                return [.. bytes[..at], .. bytes.AsSpan(at - Math.Min(at, count), Math.Min(at, count)), .. bytes[at..]];
        }
    }

    private static ulong? Number(string name) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
