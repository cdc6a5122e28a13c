namespace Graft.Simulation.Tests;

/// <summary>Seeds that failed once, and what they found. Each runs for ever.</summary>
/// <remarks>
/// A change of the generator gives an old seed a new meaning: then it is one more seed among others, and what it found is
/// guarded by the directed test or the planted bug that stands beside it. The numbers stay for the history.
/// </remarks>
internal static class Seeds
{
    internal static readonly (ulong Seed, string Found)[] ThatFailed =
    [
        (25, "witnesses alone held the tail of the log, and nobody could ever be elected"),
        (262, "the same, left behind by a leader that was being removed"),
        (190, "a node that became the only voter confirmed a read at index zero"),
        (716, "the invariant asked a late winner of an old election for what a newer term had committed"),
        (920, "the same"),
        (158, "a change of members made a quorum of nodes that had been silent"),
        (88, "a transfer that ended late because its leader slept"),
        (107, "a campaign that a leader ended within one batch of inputs, taken for a broken promise"),
        (74, "a snapshot that was durable before the term it was made in, and a node that never started again"),
        (1841, "a leader that spoke to an earlier life of a node in a higher term, and neither learned of the other"),
        (750, "a follower that stood against the leader whose lease it had just confirmed"),
        (21, "a healed part that was a quorum of the old configuration only"),
        (1091, "a leader being removed that restarted with an old commit index and didn't stand, and nobody else could"),
        (804, "a read whose end waited for the conclusion of a batch"),
    ];
}
