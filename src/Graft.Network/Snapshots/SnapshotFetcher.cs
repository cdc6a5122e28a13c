using Graft.Consensus;

namespace Graft.Network;

/// <summary>Fetches snapshots from another node, each on a connection of its own.</summary>
/// <remarks>Bounded by progress and never by total time: a chunk within the patience keeps it going.</remarks>
public sealed class SnapshotFetcher
{
    private readonly EndpointOptions _options;
    private readonly INetwork _network;
    private readonly TimeProvider _time;
    private readonly IHelloPolicy _policy;

    /// <summary>Sets a fetcher up. It has no connection of its own between fetches, and any number may run at a time.</summary>
    /// <param name="options">Who fetches; <see cref="EndpointOptions.SnapshotPatience"/> and the timeouts of connecting are used.</param>
    /// <param name="network">What moves the bytes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="policy">Says which cluster.</param>
    public SnapshotFetcher(EndpointOptions options, INetwork network, TimeProvider time, IHelloPolicy policy) =>
        (_options, _network, _time, _policy) = (options, network, time, policy);

    /// <summary>Fetches one snapshot from the sink's offset on.</summary>
    /// <param name="address">Where the node is.</param>
    /// <param name="node">Which node has to answer.</param>
    /// <param name="group">Whose snapshot.</param>
    /// <param name="last">The entry that it ends at.</param>
    /// <param name="sink">Takes the bytes.</param>
    /// <param name="cancellation">Closes the connection. What the sink has, it keeps.</param>
    /// <returns>How it ended, and how much came. Failures of network and sender are told here and not thrown.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<SnapshotFetch> FetchAsync(
        NodeAddress address, NodeId node, GroupId group, EntryId last, ISnapshotSink sink, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(sink);
        var hello = new Hello
        {
            Kind = ConnectionKind.Snapshot,
            Cluster = _policy.Cluster,
            Node = _options.Node,
            Incarnation = _options.Incarnation,
            Expected = node,
            Epoch = _policy.Epoch,
        };
        Dialed dialed;
        try
        {
            dialed = await Dialer.DialAsync(_network, address, hello, _options.ConnectTimeout, _options.HelloTimeout, _time, cancellation);
        }
        catch (IOException exception)
        {
            return new SnapshotFetch(SnapshotFetchOutcome.Unreachable, SnapshotRefusal.None, exception.Message, 0);
        }

        try
        {
            using CancellationTokenRegistration registration = cancellation.UnsafeRegister(
                static state => ((IConnection)state!).Abort(), dialed.Connection);
            SnapshotFetch fetch = await FetchAsync(dialed, group, last, sink);
            cancellation.ThrowIfCancellationRequested();
            return fetch;
        }
        finally
        {
            dialed.Connection.Abort();
            await dialed.Connection.DisposeAsync();
        }
    }

    private async Task<SnapshotFetch> FetchAsync(Dialed dialed, GroupId group, EntryId last, ISnapshotSink sink)
    {
        using var watch = new ConnectionWatch(_time, dialed.Connection, _options.SnapshotPatience);
        long offset = sink.ResumeOffset;
        byte[] fetch = new byte[SnapshotCodec.FetchBytes];
        SnapshotCodec.WriteFetch(fetch, group, last, offset);
        try
        {
            await Dialer.WriteFrameAsync(dialed.Connection.Output, FrameType.Fetch, 0, fetch);
        }
        catch (Exception exception) when (ConnectionFaults.Is(exception))
        {
            return Ended(SnapshotFetchOutcome.Lost, exception.Message, 0);
        }

        var transfer = new SnapshotTransfer(sink, offset);
        dialed.Reader.OnBytes = watch.Touch;
        while (await dialed.Reader.MoveNextAsync())
        {
            if (transfer.Take(dialed.Reader.Header.Type, dialed.Reader.Body) is { } result)
            {
                return result;
            }
        }

        return watch.HasExpired
            ? Ended(SnapshotFetchOutcome.Stalled, $"No byte came for {_options.SnapshotPatience.TotalSeconds:0.###} s.", transfer.Received)
            : Ended(SnapshotFetchOutcome.Lost, dialed.Reader.Error ?? "The sender has closed the connection.", transfer.Received);
    }

    private static SnapshotFetch Ended(SnapshotFetchOutcome outcome, string text, long received) =>
        new(outcome, SnapshotRefusal.None, text, received);
}
