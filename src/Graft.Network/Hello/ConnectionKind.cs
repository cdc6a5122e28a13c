namespace Graft.Network;

/// <summary>What a connection is for. The values are on the wire.</summary>
public enum ConnectionKind : byte
{
    /// <summary>Messages between cores, from the dialing node to the accepting one.</summary>
    Peer = 1,

    /// <summary>Requests and answers: of clients, and of nodes that pass a request on.</summary>
    Call = 2,

    /// <summary>Snapshots, fetched by the dialing side. On a connection of their own, so that none delays a heartbeat.</summary>
    Snapshot = 3,
}
