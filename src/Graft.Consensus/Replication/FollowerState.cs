namespace Graft.Consensus;

/// <summary>What a follower knows of its leader, and owes it. One object per (term, leader): a change of either begins anew.</summary>
internal sealed class FollowerState
{
    internal FollowerState(NodeId? leader, Incarnation leaderIncarnation, LogIndex commit)
    {
        Leader = leader;
        LeaderIncarnation = leaderIncarnation;
        Verified = commit;
        Acknowledged = LogIndex.Zero;
    }

    internal NodeId? Leader { get; }

    internal Incarnation LeaderIncarnation { get; set; }

    /// <summary>Up to where our log is known to equal this leader's: at first what is committed, which every leader has.</summary>
    internal LogIndex Verified { get; set; }

    /// <summary>An append has been accepted and not been answered.</summary>
    internal bool IsAcknowledgementOwed { get; set; }

    /// <summary>The highest match that has been answered.</summary>
    internal LogIndex Acknowledged { get; set; }

    /// <summary>The newest round among the accepted appends.</summary>
    internal ulong Round { get; set; }

    /// <summary>Told to stand at once; does so when its whole log is durable.</summary>
    internal bool IsStandingOnceDurable { get; set; }
}
