namespace Graft.Simulation.Nodes;

/// <summary>What became of one seed of whole nodes.</summary>
public sealed class NodeSeedReport
{
    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The drawn options, in one line.</summary>
    public required string Options { get; init; }

    /// <summary>Turns of processes.</summary>
    public required long Turns { get; init; }

    /// <summary>Virtual time.</summary>
    public required TimeSpan Simulated { get; init; }

    /// <summary>A digest of every turn in order: equal for equal runs.</summary>
    public required ulong Digest { get; init; }

    /// <summary>Writes that callers were told took effect.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Reads that callers were served.</summary>
    public required long ReadsServed { get; init; }

    /// <summary>How often each kind of fault was done, by name.</summary>
    public required IReadOnlyDictionary<string, long> Faults { get; init; }

    /// <summary>What was violated, or null.</summary>
    public string? Failure { get; init; }

    /// <summary>Where in the code, for the reader of a report.</summary>
    public string? Where { get; init; }
}
