using Graft.Consensus;

namespace Graft.Network;

/// <summary>A request as the serving node gets it.</summary>
public sealed class CallRequest
{
    private readonly Outbox _outbox;
    private readonly ulong _id;

    internal CallRequest(Outbox outbox, ulong id, Hello hello, IReadOnlyList<string> peerNames) =>
        (_outbox, _id, Caller, PeerNames) = (outbox, id, hello, peerNames);

    /// <summary>What is asked; the host's numbers.</summary>
    public required ushort Method { get; init; }

    /// <summary>The group that it's about.</summary>
    public required GroupId Group { get; init; }

    /// <summary>How often the request was passed on before it came here.</summary>
    public required byte Hops { get; init; }

    /// <summary>What was left of the caller's time when the request arrived.</summary>
    public required TimeSpan Remaining { get; init; }

    /// <summary>Opaque. Valid until the task of <see cref="IEndpointHost.ServeAsync"/> ends.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>What the connection's hello said.</summary>
    public Hello Caller { get; }

    /// <summary>The names in the caller's certificate; empty without mutual TLS.</summary>
    public IReadOnlyList<string> PeerNames { get; }

    /// <summary>Pushes an item to the caller ahead of the answer: progress, say. Never waits.</summary>
    /// <param name="item">At most <see cref="WireLimits.ItemBytesMax"/> bytes.</param>
    /// <returns>False if it was dropped: the caller reads too slowly, or is gone.</returns>
    /// <exception cref="ArgumentException">It's too long.</exception>
    public bool Push(ReadOnlySpan<byte> item) =>
        item.Length <= WireLimits.ItemBytesMax
            ? _outbox.TryAdd(FrameType.Item, _id, item, default, out _)
            : throw new ArgumentException($"{item.Length} bytes are more than the {WireLimits.ItemBytesMax} that an item may have.", nameof(item));
}
