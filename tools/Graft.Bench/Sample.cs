namespace Graft.Bench;

/// <summary>What one operation cost: in one round, or as the median of several.</summary>
internal sealed record Sample(double Nanoseconds, double Bytes)
{
    internal double PerSecond => 1e9 / Nanoseconds;

    /// <summary>The median time, and the largest allocation: one round that allocates is a finding, however the others went.</summary>
    internal static Sample MedianOf(IReadOnlyList<Sample> samples) =>
        new(samples.Select(sample => sample.Nanoseconds).Order().ElementAt(samples.Count / 2), samples.Max(sample => sample.Bytes));
}
