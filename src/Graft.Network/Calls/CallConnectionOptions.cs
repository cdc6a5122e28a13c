using Graft.Consensus;

namespace Graft.Network;

/// <summary>Who calls, and how patient it is.</summary>
public sealed record CallConnectionOptions
{
    /// <summary>The cluster that is meant; zero if any is right.</summary>
    public ClusterId Cluster { get; init; }

    /// <summary>The caller, if it is a node.</summary>
    public NodeId? Node { get; init; }

    /// <summary>The caller's start, if it is a node.</summary>
    public Incarnation Incarnation { get; init; }

    /// <summary>Whom to reach; null if whoever answers is right.</summary>
    public NodeId? Expected { get; init; }

    /// <summary>Where others reach the caller, if it is a node and says so.</summary>
    public NodeAddress? Advertised { get; init; }

    /// <inheritdoc cref="Hello.Epoch"/>
    public Epoch Epoch { get; init; }

    /// <inheritdoc cref="EndpointOptions.ConnectTimeout"/>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc cref="EndpointOptions.HelloTimeout"/>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc cref="EndpointOptions.PingInterval"/>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="EndpointOptions.SilenceMax"/>
    public TimeSpan SilenceMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Bytes of requests that wait; above, a call ends as not sent. Room for two of the largest by default.</summary>
    public int QueuedBytesMax { get; init; } = 2 * (WireLimits.CallBodyBytesMax + (64 << 10));
}
