namespace Graft.Consensus;

/// <summary>What a node is in its term (thesis §3.3; §9.6 for the pre-candidate).</summary>
public enum Role : byte
{
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}
