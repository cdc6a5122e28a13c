namespace Graft;

/// <summary>What an operator should know of a change that can be made. The values are on the wire.</summary>
public enum PlanWarningKind : byte
{
    /// <summary>There would be an even number of voters: one more to wait for, and not one more that may fail.</summary>
    EvenVoters = 1,

    /// <summary>No voter could fail without an end to all writes.</summary>
    ToleratesNothing = 2,

    /// <summary>The leader would lose its vote: it hands leadership over first, which takes about an election.</summary>
    LeaderLeaves = 3,

    /// <summary>The voters that answer now are no quorum of what would be; the change was forced and may never be done.</summary>
    QuorumUnreachable = 4,

    /// <summary>A quorum answers, and every voter that does is needed for it.</summary>
    NoVoterToSpare = 5,

    /// <summary>A voter that stays doesn't answer.</summary>
    VoterUnreachable = 6,

    /// <summary>Who is to be removed doesn't answer, so it can't be told. It finds out when it comes back.</summary>
    RemovedUnreachable = 7,

    /// <summary>Nobody has said where a node is that is to be added.</summary>
    NoAddress = 8,
}
