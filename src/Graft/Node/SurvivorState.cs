using Graft.Consensus;

namespace Graft;

/// <summary>What a stopped node has of one group: what survivors of a lost quorum are compared by.</summary>
/// <param name="Cluster">Its cluster.</param>
/// <param name="Node">The node.</param>
/// <param name="Group">The group.</param>
/// <param name="Epoch">Since which recovery its configuration is.</param>
/// <param name="Term">The highest term that it has seen.</param>
/// <param name="Last">The last entry that it has, committed or not.</param>
/// <param name="Commit">Up to where it knows entries to be committed, at least; more may be.</param>
/// <param name="Membership">The configuration in force on it.</param>
/// <param name="WhyNot">Why the group can't be recovered from this node, in a sentence; null if it can.</param>
public sealed record SurvivorState(
    ClusterId Cluster, NodeId Node, GroupId Group, Epoch Epoch, Term Term, EntryId Last, LogIndex Commit, Membership Membership, string? WhyNot)
{
    /// <summary>Whether it has every committed entry that <paramref name="other"/> knows of: a later last term, or the same and no fewer entries (thesis §3.6.1).</summary>
    public bool IsAtLeastAsCompleteAs(SurvivorState other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Last.IsAtLeastAsUpToDateAs(other.Last);
    }
}
