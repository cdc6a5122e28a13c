using Graft.Consensus;

namespace Graft;

/// <summary>A change of members that wasn't begun. Nothing was appended. The same from the leader itself and from afar.</summary>
public sealed class MembershipRefusedException : RejectedException
{
    /// <param name="refusal">Why.</param>
    /// <param name="message">What was expected, what came, and what to do.</param>
    /// <param name="index">Where the configuration was appended that the change met; zero if nobody said.</param>
    /// <param name="leader">Who leads, if known.</param>
    public MembershipRefusedException(MembershipRefusal refusal, string message, LogIndex index, NodeId? leader)
        : base(ReasonOf(refusal), message, leader) => (Refusal, Index) = (refusal, index);

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
