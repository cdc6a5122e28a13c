namespace Graft.Consensus;

/// <summary>What a node is in its term (thesis §3.3; §9.6 for the pre-candidate).</summary>
public enum Role : byte
{
    /// <summary>Follows a leader, or waits for one.</summary>
    Follower,

    /// <summary>Asks whether it would be voted for, in no new term yet.</summary>
    PreCandidate,

    /// <summary>Stands for election in its term.</summary>
    Candidate,

    /// <summary>Leads its term.</summary>
    Leader,
}
