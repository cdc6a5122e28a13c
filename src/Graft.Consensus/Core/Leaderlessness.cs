namespace Graft.Consensus;

/// <summary>Why a node knows no leader, seen from that node.</summary>
public enum Leaderlessness : byte
{
    /// <summary>It does know one.</summary>
    None,

    /// <summary>It stopped after a storage failure.</summary>
    Stopped,

    /// <summary>It has never been told of a cluster: found one with it, or add it to one.</summary>
    NoMembership,

    /// <summary>It can't lead itself (learner, witness, or no member any more) and has heard from no leader lately.</summary>
    CannotLead,

    /// <summary>It lost entries that it may have acknowledged, and stands for nothing until it has them again.</summary>
    Repairing,

    /// <summary>Its disk owes an answer since an election timeout or longer.</summary>
    DiskStalled,

    /// <summary>It waits for its election timeout; in a healthy cluster this passes within 1.5 T.</summary>
    WaitingForTimeout,

    /// <summary>It stands for election and waits for answers: <see cref="RaftStatus.LastCampaign"/> says whose.</summary>
    WaitingForVotes,

    /// <summary>Its last campaign was refused: <see cref="RaftStatus.LastCampaign"/> says by whom and why.</summary>
    CampaignRefused,

    /// <summary>It was told that a committed change removed it, and stands no more (<see cref="RaftCore.Retire"/>).</summary>
    Removed,
}
