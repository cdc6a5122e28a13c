namespace Graft.Simulation.Storage;

/// <summary>What became of one seed of the log.</summary>
public sealed class LogSeedReport
{
    /// <summary>The seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The drawn options, in one line.</summary>
    public required string Options { get; init; }

    /// <summary>Steps of the history.</summary>
    public required long Steps { get; init; }

    /// <summary>Calls to the disk.</summary>
    public required long Calls { get; init; }

    /// <summary>How often the process ended otherwise than in order.</summary>
    public required long Crashes { get; init; }

    /// <summary>Writes that were acknowledged.</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Damages done to the medium.</summary>
    public required long Damages { get; init; }

    /// <summary>How often a restart reported a group as having lost entries.</summary>
    public required long Losses { get; init; }

    /// <summary>A digest of every step in order: equal for equal runs.</summary>
    public required ulong Digest { get; init; }

    /// <summary>What was violated, or null.</summary>
    public string? Failure { get; init; }

    /// <summary>Where in the code, for the reader of a report.</summary>
    public string? Where { get; init; }
}
