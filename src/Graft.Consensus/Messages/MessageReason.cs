namespace Graft.Consensus;

/// <summary>Why a reply isn't the one that was hoped for. The receiver learns from it; it changes no safety rule.</summary>
public enum MessageReason : byte
{
    /// <summary>It is the one that was hoped for.</summary>
    None,

    /// <summary>The sender's term is behind the receiver's.</summary>
    TermBehind,

    /// <summary>The vote of this term is given to another.</summary>
    VoteGiven,

    /// <summary>The candidate's log ends before the voter's (thesis §3.6.1).</summary>
    LogBehind,

    /// <summary>The voter heard from a leader less than an election timeout ago (thesis §4.2.3).</summary>
    LeaderAlive,

    /// <summary>The voter lost entries that it may have acknowledged, and holds back until it has them again.</summary>
    Repairing,

    /// <summary>The candidate isn't in the configuration that the voter knows to be committed: it has been removed.</summary>
    NotMember,

    /// <summary>The entry before the range isn't in the follower's log.</summary>
    LogMismatch,

    /// <summary>The message was meant for an earlier start of this node.</summary>
    OtherIncarnation,

    /// <summary>The asked node doesn't lead (any more).</summary>
    NotLeader,

    /// <summary>Too many reads wait already.</summary>
    Overloaded,

    /// <summary>The snapshot is being fetched; <see cref="Message.Bytes"/> says how far.</summary>
    Receiving,

    /// <summary>
    /// The receiver's log has headers only and full entries were sent, or the other way round: it was a member of the other
    /// sort once. It needs a new id and an empty disk.
    /// </summary>
    OtherLogKind,
}
