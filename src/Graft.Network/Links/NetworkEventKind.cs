namespace Graft.Network;

/// <summary>What happened on the network; see <see cref="NetworkEvent"/>.</summary>
public enum NetworkEventKind
{
    /// <summary>We refused a hello.</summary>
    HelloRefused,

    /// <summary>A connection never completed its hello: not our protocol, too slow, or lost.</summary>
    HelloIncomplete,

    /// <summary>An accepted connection has ended, and not because it was closed between two frames.</summary>
    ConnectionBroken,

    /// <summary>A newer connection of the same node has replaced one.</summary>
    ConnectionReplaced,

    /// <summary>Too many connections had said nothing yet, and one of them was closed.</summary>
    TooManyConnections,

    /// <summary>A link can't connect. Told once for each reason, not for each attempt.</summary>
    LinkFailed,

    /// <summary>An append was dropped because the host holds too many bytes.</summary>
    AppendDropped,

    /// <summary>A request was turned away because too many are in work.</summary>
    CallOverloaded,

    /// <summary>The host threw while it served a request; the caller was told that it failed.</summary>
    CallFailed,

    /// <summary>A snapshot was refused, or its sending ended early.</summary>
    SnapshotBroken,

    /// <summary>A certificate was read anew, or could not be and the one before is kept.</summary>
    Certificate,

    /// <summary>No connection could be accepted, for lack of handles, say. It's tried again after a second.</summary>
    ListenerFailed,
}
