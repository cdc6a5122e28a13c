namespace Graft.Network;

/// <summary>How <see cref="SocketNetwork"/> connects and listens.</summary>
public sealed record SocketNetworkOptions
{
    /// <summary>Null for plain TCP.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>Connections that the system keeps until they are accepted; 512 by default. The system may keep fewer.</summary>
    public int Backlog { get; init; } = 512;

    /// <summary>Told of certificates that were read anew or could not be, during a handshake and on its thread.</summary>
    public Action<NetworkEvent>? Happened { get; init; }
}
