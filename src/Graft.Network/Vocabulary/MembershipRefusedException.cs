using Graft.Consensus;

namespace Graft;

/// <summary>A change of members that wasn't begun. Nothing was appended.</summary>
public sealed class MembershipRefusedException : GraftException
{
    /// <param name="refusal">Why.</param>
    /// <param name="change">What was asked for.</param>
    /// <param name="current">The configuration that it met.</param>
    /// <param name="index">Where that was appended.</param>
    /// <param name="leader">Who leads, if known.</param>
    public MembershipRefusedException(MembershipRefusal refusal, MembershipChange change, Membership current, LogIndex index, NodeId? leader)
        : base(Explain(refusal, change, current, index, leader)) => (Refusal, Leader) = (refusal, leader);

    public MembershipRefusal Refusal { get; }

    public NodeId? Leader { get; }

    private static string Explain(MembershipRefusal refusal, MembershipChange change, Membership current, LogIndex index, NodeId? leader)
    {
        string why = refusal switch
        {
            MembershipRefusal.NotLeader => $"this node doesn't lead; {(leader is { } node ? $"{node} does" : "nobody is known to")}",
            MembershipRefusal.ChangeInProgress => $"the change at index {index} isn't done yet; wait for it",
            MembershipRefusal.NoOwnTermCommit => "the leader is new and has committed nothing yet; ask again in a moment",
            MembershipRefusal.IndexMismatch => $"the configuration is the one of index {index} by now, not the one that was looked at",
            MembershipRefusal.TransferInProgress => "leadership is being handed over; ask the next leader",
            MembershipRefusal.Overloaded => "too many entries are uncommitted; ask again in a moment",
            MembershipRefusal.NothingToChange => "it changes nothing",
            MembershipRefusal.EditedTwice => "it speaks of one node twice",
            MembershipRefusal.AlreadyMember => "a node to be added is a member already",
            MembershipRefusal.NotMember => "a node that it speaks of is no member",
            MembershipRefusal.NotLearner => "only a learner can be promoted",
            MembershipRefusal.NotVoter => "only a voter can be demoted",
            MembershipRefusal.NotCaughtUp => "the learner hasn't caught up, and a quorum with it in might not be able to commit",
            MembershipRefusal.NoVoterLeft => "no voter that stores payloads would be left",
            MembershipRefusal.TooManyWitnesses => "witnesses alone would make a quorum, and a commit might be stored nowhere",
            MembershipRefusal.TooManyMembers => $"there would be more than {Membership.MembersMax} members",
            _ => "the log of this node has failed",
        };
        return $"The change \"{change}\" of {current} was refused: {why}.";
    }
}
