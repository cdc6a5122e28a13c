using Graft.Consensus;

namespace Graft;

/// <summary>A group as of its last turn; a value that any thread may look at.</summary>
internal sealed record GroupView(
    Role Role, Term Term, NodeId? Leader, LogIndex Commit, LogIndex Applied, LogIndex MembershipIndex, Membership Membership, bool IsWitness,
    ApplyHaltedException? Halted, string? Divergence = null)
{
    /// <summary>The committed configuration that removed this node, if it was told of one.</summary>
    internal LogIndex? Removed { get; init; }

    // One object, and not one that is then changed: a busy group makes one in each of its turns.
    internal static GroupView Of(
        RaftCore core, LogIndex applied = default, ApplyHaltedException? halted = null, string? divergence = null, LogIndex? removed = null) =>
        new(
            core.Role, core.Term, core.Leader, core.CommitIndex, applied, core.MembershipIndex, core.Membership, core.LogKind == LogKind.HeadersOnly, halted, divergence)
        {
            Removed = removed,
        };
}
