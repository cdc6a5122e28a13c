namespace Graft.Simulation.Core;

/// <summary>What became of one seed.</summary>
public sealed class SeedReport
{
    public required ulong Seed { get; init; }

    /// <summary>The drawn options, in one line.</summary>
    public required string Options { get; init; }

    /// <summary>Steps of cores.</summary>
    public required long Events { get; init; }

    public required TimeSpan Simulated { get; init; }

    /// <summary>A digest of every event in order: equal for equal runs.</summary>
    public required ulong Digest { get; init; }

    /// <summary>Entries that clients were told are committed.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Reads that clients were served.</summary>
    public required long ReadsServed { get; init; }

    public required Tally Tally { get; init; }

    /// <summary>What was violated, or null.</summary>
    public string? Failure { get; init; }

    /// <summary>Where in the code, for the reader of a report.</summary>
    public string? Where { get; init; }
}
