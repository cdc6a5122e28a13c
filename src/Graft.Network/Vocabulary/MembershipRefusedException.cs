using Graft.Consensus;

namespace Graft;

/// <summary>A change of members that wasn't begun. No configuration was appended. The same from the leader itself and from afar.</summary>
/// <remarks>What comes before a change may have been done: the addresses of its nodes announced through the log, leadership handed over.</remarks>
public sealed class MembershipRefusedException : RejectedException
{
    /// <summary>Made by whoever refuses, and by whoever reads the refusal.</summary>
    /// <param name="refusal">Why.</param>
    /// <param name="message">What was expected, what came, and what to do.</param>
    /// <param name="index">Where the configuration was appended that the change met; zero if nobody said.</param>
    /// <param name="leader">Who leads, if known.</param>
    public MembershipRefusedException(MembershipRefusal refusal, string message, LogIndex index, NodeId? leader)
        : base(ReasonOf(refusal), message, leader) => (Refusal, Index) = (refusal, index);

    /// <summary>Why it was refused, for programs; the message is the same for people.</summary>
    public MembershipRefusal Refusal { get; }

    /// <summary>The configuration that the change met; with <see cref="MembershipRefusal.IndexMismatch"/> look at that one and decide anew.</summary>
    public LogIndex Index { get; }

    // Whoever can wait or ask elsewhere is told so by the reason, as of a write.
    private static RejectReason ReasonOf(MembershipRefusal refusal) => refusal switch
    {
        MembershipRefusal.NotLeader => RejectReason.NotLeader,
        MembershipRefusal.NoOwnTermCommit or MembershipRefusal.TransferInProgress => RejectReason.NoLeader,
        MembershipRefusal.Overloaded => RejectReason.Overloaded,
        _ => RejectReason.MembersRefused,
    };
}
