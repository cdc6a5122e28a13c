namespace Graft.Swarm;

/// <summary>What a <see cref="SeedRun"/> runs seeds of, and the sums that are this layer's own.</summary>
internal abstract class SeedLayer
{
    /// <summary>What <see cref="Events"/> counts, in the plural.</summary>
    internal abstract string EventName { get; }

    /// <summary>What the lines of a trace are, and their columns.</summary>
    internal abstract string TraceName { get; }

    internal abstract long Events { get; }

    /// <summary>How much was simulated, for the last line.</summary>
    internal abstract string Simulated { get; }

    /// <summary>Runs one seed. Several threads call this at once.</summary>
    internal abstract SeedOutcome Simulate(ulong seed, Action<string>? trace);

    /// <summary>The command that runs this seed again and prints its trace.</summary>
    internal abstract string ReplayCommand(ulong seed);

    internal abstract void PrintSums(long seeds, double seconds);

    /// <summary>The fields of the summary in their order. What every layer has is passed in.</summary>
    internal abstract Dictionary<string, object> Summarize(ulong from, long seeds, double seconds, object failures);
}
