namespace Graft.Network;

/// <summary>What an accepted connection is counted among. Each has a number of places of its own, so that none shuts out the others.</summary>
internal enum Place
{
    /// <summary>Its hello hasn't been heard, or was refused.</summary>
    Unheard,

    /// <summary>A client's.</summary>
    Client,

    /// <summary>A node's: a peer, a snapshot, calls.</summary>
    Node,
}
