namespace Graft.Swarm;

/// <summary>What every layer says of a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Options">The drawn options, in one line.</param>
/// <param name="Digest">A digest of the run: equal for equal runs.</param>
/// <param name="Failure">What was violated, or null.</param>
/// <param name="Where">Where in the code, for the reader of a report. A traced run may say more than one without a trace.</param>
/// <param name="Count">
/// Adds the seed to the sums of its layer; by one thread at a time. It isn't called for a run that only repeats another.
/// </param>
internal sealed record SeedOutcome(ulong Seed, string Options, ulong Digest, string? Failure, string? Where, Action Count);
