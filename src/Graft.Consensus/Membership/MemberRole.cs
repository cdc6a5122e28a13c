namespace Graft.Consensus;

/// <summary>What a member is in the configuration that comes into force. A role in the cluster, not in the term.</summary>
public enum MemberRole
{
    /// <summary>Votes, and counts towards commitment.</summary>
    Voter,

    /// <summary>Receives everything and is in no quorum (thesis §4.2.1, "non-voting").</summary>
    Learner,

    /// <summary>A learner that the leader makes a voter by itself as soon as it has caught up.</summary>
    Joining,

    /// <summary>Votes in the outgoing half of a joint configuration and is gone when that is left.</summary>
    Leaving,
}
