namespace Graft;

/// <summary>What a node is to a group.</summary>
public enum MemberKind
{
    /// <summary>Votes, stores everything, may lead.</summary>
    Voter,

    /// <summary>Receives and applies everything, and counts for no quorum.</summary>
    Learner,

    /// <summary>Votes, and stores no commands: it completes a quorum and can't serve.</summary>
    Witness,
}
