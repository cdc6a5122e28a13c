using System.Globalization;

namespace Graft.Consensus;

/// <summary>How often a cluster was recovered from a lost quorum, and which of such recoveries it was (docs/internals/recovery.md).</summary>
/// <remarks>
/// The upper half counts, from 1; the lower half is drawn at each recovery and zero before the first. Two recoveries of one cluster, each from a survivor of its own, have one
/// number and differ all the same.
/// </remarks>
/// <param name="Value">As it is stored and sent; zero if none is known.</param>
public readonly record struct Epoch(ulong Value)
{
    /// <summary>Of whoever knows no configuration.</summary>
    public static Epoch None => default;

    /// <summary>Of a cluster that was founded and never recovered.</summary>
    public static Epoch First => new(1UL << 32);

    /// <summary>How often the cluster was recovered, plus one.</summary>
    public uint Number => (uint)(Value >> 32);

    /// <summary>The epoch of a recovery from this one.</summary>
    /// <param name="drawn">Chance; what tells this recovery from another one.</param>
    public Epoch Next(ulong drawn) => new(((Number + 1UL) << 32) | (uint)(drawn & uint.MaxValue));

    /// <summary>Whether a cluster of this epoch has nothing to do with a node of <paramref name="other"/>: an earlier one, or of another recovery.</summary>
    public bool Excludes(Epoch other) =>
        this != None && other != None && this != other && other.Number <= Number;

    public override string ToString() => Value == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"{Number}-{Value & uint.MaxValue:x8}");
}
