using Graft.Consensus;

namespace Graft.Network;

/// <summary>Who a node is on the network, and its limits. Hard limits of the protocol are in <see cref="WireLimits"/>.</summary>
/// <remarks>All times and limits are above zero. What isn't, or doesn't go together, is refused by the constructor of <see cref="Endpoint"/>.</remarks>
public sealed record EndpointOptions
{
    /// <summary>The node.</summary>
    public required NodeId Node { get; init; }

    /// <summary>The node's start; never <see cref="Incarnation.Unknown"/>.</summary>
    public required Incarnation Incarnation { get; init; }

    /// <summary>Where to listen. Null if another door accepts the connections and hands them to <see cref="Endpoint.AcceptAsync"/>.</summary>
    public NodeAddress? Listen { get; init; }

    /// <summary>Where others reach this node; sent with each hello. Where it listens, if null.</summary>
    public NodeAddress? Advertised { get; init; }

    /// <summary>The time for a connection to come about, without the hello.</summary>
    /// <remarks>Two seconds: a lost SYN is sent again after one.</remarks>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The time for the hello to be complete, on both sides. A slow one is ended (museum L07). Five seconds by default.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often the dialing side asks whether the other is there. Each second by default.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After this long without a byte a connection is given up, on both sides. At least two ping intervals; three seconds by default.</summary>
    /// <remarks>The dialing side looks at each ping, the accepting side at each quarter of this: a half-open connection is found within 4 s.</remarks>
    public TimeSpan SilenceMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The first pause between two attempts to connect; it doubles up to <see cref="BackOffMax"/>, and each is drawn from half to one and a half of it. 50 ms by default.</summary>
    public TimeSpan BackOffMin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>What the doubling of the pauses stops at; at least <see cref="BackOffMin"/>. Two seconds by default.</summary>
    public TimeSpan BackOffMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Connections of clients at one time; one more is refused as busy, and goes to another node (museum L09). 1,024 by default.</summary>
    public int ClientConnectionsMax { get; init; } = 1024;

    /// <summary>Connections of nodes at one time, which no client can take: three to each other node, a few more while snapshots travel. 256 by default.</summary>
    public int NodeConnectionsMax { get; init; } = 256;

    /// <summary>Connections that haven't said hello yet; for one more the oldest of them is closed. 256 by default.</summary>
    public int UnheardConnectionsMax { get; init; } = 256;

    /// <summary>
    /// Bytes of frames above 64 KiB that have begun to come and aren't whole: of callers, and as many of nodes. Beyond, a request is
    /// answered as overload and a batch dropped, both unread. 128 MiB by default.
    /// </summary>
    public long UnfinishedBytesMax { get; init; } = 128L << 20;

    /// <summary>Bytes that wait for one connection: messages of a link, or answers to a caller. Above, messages are dropped and answers wait as requests in work. At least 4,096.</summary>
    /// <remarks>Twice the largest frame, so that one can gather while one is written.</remarks>
    public int QueuedBytesMax { get; init; } = 2 * (WireLimits.BatchBytesMax + (64 << 10));

    /// <summary>Bytes of received entries that the host hasn't released. Above, appends are dropped; what has no entries passes. 256 MiB by default.</summary>
    public long ReceivedBytesMax { get; init; } = 256L << 20;

    /// <summary>
    /// Requests in work, of one connection; 1,024 by default. One more is answered <see cref="CallStatus.Overloaded"/>, as with each of the three limits
    /// below. An answer for which the connection has no room yet counts as one, with its bytes.
    /// </summary>
    public int CallsPerConnectionMax { get; init; } = 1024;

    /// <summary>Bytes of the requests in work, of one connection; 32 MiB by default.</summary>
    public long CallBytesPerConnectionMax { get; init; } = 32L << 20;

    /// <summary>Requests in work, of all connections; 16,384 by default.</summary>
    public int CallsMax { get; init; } = 16_384;

    /// <summary>Bytes of the requests in work, of all connections; 256 MiB by default.</summary>
    public long CallBytesMax { get; init; } = 256L << 20;

    /// <summary>What a caller is told to wait when there is no room for its request; 100 ms by default.</summary>
    public TimeSpan OverloadedRetryAfter { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Snapshots being sent at one time; four by default. One more is refused as <see cref="SnapshotRefusal.Busy"/>.</summary>
    public int SnapshotsMax { get; init; } = 4;

    /// <summary>What all snapshots together may send, bytes per second; 64 MiB by default. A chunk of each has to pass in half of <see cref="SnapshotPatience"/>.</summary>
    public long SnapshotBytesPerSecond { get; init; } = 64L << 20;

    /// <summary>The bytes of one chunk, at most <see cref="WireLimits.ChunkBytesMax"/>; 256 KiB by default.</summary>
    public int SnapshotChunkBytes { get; init; } = 256 << 10;

    /// <summary>After this long without progress a snapshot is given up, on both sides. The whole may take as long as it takes. 20 seconds by default.</summary>
    public TimeSpan SnapshotPatience { get; init; } = TimeSpan.FromSeconds(20);

    /// <exception cref="ArgumentException">A value is outside of its range, or two don't go together.</exception>
    internal void ThrowIfInvalid()
    {
        Check(Incarnation != Incarnation.Unknown, nameof(Incarnation), "a running node has one");
        Check(ConnectTimeout > TimeSpan.Zero && HelloTimeout > TimeSpan.Zero, nameof(HelloTimeout), "timeouts are above zero");
        Check(PingInterval > TimeSpan.Zero, nameof(PingInterval), "above zero");
        Check(SilenceMax >= PingInterval * 2, nameof(SilenceMax), "at least two ping intervals, or a ping that is late looks like a death");
        Check(BackOffMin > TimeSpan.Zero && BackOffMax >= BackOffMin, nameof(BackOffMin), "above zero and at most BackOffMax");
        Check(ClientConnectionsMax > 0 && NodeConnectionsMax > 0 && UnheardConnectionsMax > 0, nameof(ClientConnectionsMax), "above zero");
        Check(UnfinishedBytesMax > 0, nameof(UnfinishedBytesMax), "above zero");
        Check(QueuedBytesMax >= 4096, nameof(QueuedBytesMax), "at least 4,096");
        Check(ReceivedBytesMax > 0, nameof(ReceivedBytesMax), "above zero");
        Check(CallsPerConnectionMax > 0 && CallBytesPerConnectionMax > 0, nameof(CallsPerConnectionMax), "above zero");
        Check(CallsMax > 0 && CallBytesMax > 0, nameof(CallsMax), "above zero");
        Check(SnapshotsMax > 0 && SnapshotBytesPerSecond > 0, nameof(SnapshotsMax), "above zero");
        Check(SnapshotChunkBytes is > 0 and <= WireLimits.ChunkBytesMax, nameof(SnapshotChunkBytes), $"1 to {WireLimits.ChunkBytesMax}");
        Check(SnapshotPatience > TimeSpan.Zero, nameof(SnapshotPatience), "above zero");
        TimeSpan chunkTime = TimeSpan.FromSeconds((double)SnapshotChunkBytes / SnapshotBytesPerSecond);
        Check(
            chunkTime * SnapshotsMax <= SnapshotPatience / 2,
            nameof(SnapshotBytesPerSecond),
            "a chunk of each snapshot has to pass in half of SnapshotPatience, or our own limit looks like a stall");
    }

    private static void Check(bool holds, string name, string rule)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name}: {rule}.", name);
        }
    }
}
