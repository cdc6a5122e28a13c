namespace Graft;

/// <summary>How a node came to its cluster at this start.</summary>
public enum NodeOrigin
{
    /// <summary>Its data directory says what it belongs to; <see cref="NodeOptions.Found"/> and <see cref="NodeOptions.Join"/> weren't needed.</summary>
    Known,

    /// <summary>It has founded the cluster.</summary>
    Founded,

    /// <summary>It has joined the cluster.</summary>
    Joined,
}
