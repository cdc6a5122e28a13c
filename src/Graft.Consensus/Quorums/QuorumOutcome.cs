namespace Graft.Consensus;

/// <summary>Where a vote stands.</summary>
public enum QuorumOutcome
{
    /// <summary>Neither side has a majority yet.</summary>
    Pending,

    /// <summary>A majority has said yes.</summary>
    Won,

    /// <summary>No majority can be reached any more.</summary>
    Lost,
}
