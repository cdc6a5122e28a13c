namespace Graft.Network;

/// <summary>How <see cref="SocketNetwork"/> connects and listens.</summary>
public sealed record SocketNetworkOptions
{
    /// <summary>Null for plain TCP.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>Connections that the system keeps until they are accepted.</summary>
    public int Backlog { get; init; } = 512;

    /// <summary>Told of certificates that were read anew or could not be.</summary>
    public Action<NetworkEvent>? Happened { get; init; }
}
