using Graft.Consensus;

namespace Graft.Server;

/// <summary>How fresh a read is made: what the dialect's words come to here.</summary>
/// <param name="Consistency">The level that is asked of the node.</param>
/// <param name="After">An index that has to be applied before that; null if none.</param>
/// <param name="Name">The level as the answer names it.</param>
internal readonly record struct ReadChoice(ReadConsistency Consistency, LogIndex? After, string Name)
{
    /// <summary>Whether it can be served by whatever this node has, so that nobody is to be redirected.</summary>
    internal bool IsLocal => Consistency.Kind is ReadConsistencyKind.Local or ReadConsistencyKind.Bounded or ReadConsistencyKind.AtLeast;

    /// <summary>Chooses.</summary>
    /// <param name="parameters">The request's.</param>
    /// <param name="isVoter">Whether this node votes, which is what <c>auto</c> hangs on.</param>
    internal static ReadChoice Of(QueryParameters parameters, bool isVoter)
    {
        string? level = parameters.Find("level")?.ToLowerInvariant();
        LogIndex? after = parameters.Count("min_index") is { } index ? new LogIndex((ulong)index) : null;
        TimeSpan freshness = parameters.Duration("freshness");

        // A client's own write is all that it asks to see then, and the wait for it costs no quorum.
        if (level is null && after is { } own)
        {
            return new ReadChoice(ReadConsistency.AtLeast(own), null, "at_least");
        }

        bool isLocal = level == "none" || (level == "auto" && !isVoter);
        return isLocal switch
        {
            true when freshness > TimeSpan.Zero => new ReadChoice(ReadConsistency.Bounded(freshness), after, "bounded"),
            true when after is { } least => new ReadChoice(ReadConsistency.AtLeast(least), null, "at_least"),
            true => new ReadChoice(ReadConsistency.Local, null, "none"),

            // Both see every write that was answered before, from whatever node, so no log entry has to be spent on them.
            _ when level is "linearizable" or "strong" => new ReadChoice(ReadConsistency.Linearizable, after, "linearizable"),

            // "weak" trusts whoever believes itself to lead. A lease costs as little and is right as long as clocks run at about the same rate.
            _ => new ReadChoice(ReadConsistency.Lease, after, "lease"),
        };
    }
}
