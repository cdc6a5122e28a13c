namespace Graft.Consensus;

/// <summary>One member of a configuration.</summary>
/// <param name="Id">Who it is.</param>
/// <param name="Role">What it is in the incoming half, which outside a change is the whole.</param>
/// <param name="VotesInOutgoing">Whether it is a voter of the old configuration while a change is in progress.</param>
/// <param name="IsWitness">
/// Keeps entry headers and membership but no payload: it can complete a quorum and can't lead. For the life of its disk:
/// removed and added again as the other sort, a node refuses what it is sent (<see cref="MessageReason.OtherLogKind"/>) and
/// is never promoted. One that is to store payloads comes with a new id and an empty disk.
/// </param>
public readonly record struct Member(NodeId Id, MemberRole Role, bool VotesInOutgoing = false, bool IsWitness = false)
{
    /// <summary>Whether it is a voter of either half.</summary>
    public bool IsVoter => Role == MemberRole.Voter || VotesInOutgoing;

    public override string ToString()
    {
        string role = Role switch
        {
            MemberRole.Voter => "voter",
            MemberRole.Learner => "learner",
            MemberRole.Joining => "joining",
            _ => "leaving",
        };
        return $"{Id}:{role}{(IsWitness ? " witness" : "")}{(VotesInOutgoing ? " (old voter)" : "")}";
    }
}
