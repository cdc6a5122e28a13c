using System.Numerics;

namespace Graft.Consensus;

/// <summary>The generator xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64.</summary>
/// <remarks>
/// Our own, because the framework doesn't promise that its seeded generator gives the same numbers in its next version,
/// and a seed that failed once has to fail for ever. Sums and products wrap by design, hence the <c>unchecked</c>.
/// </remarks>
public sealed class SeededRandom
{
    private ulong _s0;
    private ulong _s1;
    private ulong _s2;
    private ulong _s3;

    /// <summary>One stream of numbers. For one thread at a time.</summary>
    /// <param name="seed">Any number; the same seed gives the same stream, on every machine.</param>
    public SeededRandom(ulong seed)
    {
        _s0 = SplitMix(ref seed);
        _s1 = SplitMix(ref seed);
        _s2 = SplitMix(ref seed);
        _s3 = SplitMix(ref seed);
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextUInt64()
    {
        unchecked
        {
            ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
            ulong shifted = _s1 << 17;
            _s2 ^= _s0;
            _s3 ^= _s1;
            _s1 ^= _s2;
            _s0 ^= _s3;
            _s2 ^= shifted;
            _s3 = BitOperations.RotateLeft(_s3, 45);
            return result;
        }
    }

    /// <summary>A number in [0, <paramref name="bound"/>), without bias worth the name (Lemire's multiplication).</summary>
    public ulong NextBelow(ulong bound)
    {
        Invariant.Check(bound > 0);
        return (ulong)(((UInt128)NextUInt64() * bound) >> 64);
    }

    /// <summary>A number in [<paramref name="low"/>, <paramref name="high"/>], both included.</summary>
    public int Next(int low, int high)
    {
        Invariant.Check(low <= high, low, high);
        return (int)(low + (long)NextBelow((ulong)((long)high - low + 1)));
    }

    /// <summary>True <paramref name="perMille"/> times in a thousand.</summary>
    public bool Chance(int perMille) => NextBelow(1000) < (ulong)Math.Clamp(perMille, 0, 1000);

    /// <summary>A span in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public TimeSpan Next(TimeSpan low, TimeSpan high)
    {
        Invariant.Check(low < high, low, high);
        return low + new TimeSpan((long)NextBelow((ulong)(high - low).Ticks));
    }

    /// <summary>An independent generator, so that a draw added to one stream doesn't shift another.</summary>
    public SeededRandom Fork() => new(NextUInt64());

    private static ulong SplitMix(ref ulong state)
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15;
            ulong mixed = state;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
