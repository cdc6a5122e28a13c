namespace Graft.Network;

/// <summary>How a fetch ended.</summary>
public enum SnapshotFetchOutcome
{
    /// <summary>Every byte is at the sink.</summary>
    Complete,

    /// <summary>The node can't be reached, or refused the connection.</summary>
    Unreachable,

    /// <summary>The node is there and doesn't send it; <see cref="SnapshotFetch.Refusal"/> says why.</summary>
    Refused,

    /// <summary>The connection broke, or brought what it should not. Go on at the sink's offset.</summary>
    Lost,

    /// <summary>No byte came for as long as the patience lasts. Go on at the sink's offset.</summary>
    Stalled,

    /// <summary>The sink ended it.</summary>
    SinkRefused,
}
