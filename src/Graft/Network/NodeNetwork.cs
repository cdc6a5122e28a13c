using System.Buffers;
using System.Collections.Concurrent;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>A node's side of the network: messages to and from groups, snapshots, and what an address is good for.</summary>
internal sealed class NodeNetwork : IEndpointHost, IPeers, IAsyncDisposable
{
    // Those of strangers: as many as any cluster has members, and no more than fit a page of memory or two.
    private const int HeardMax = 4096;

    private readonly NodeRuntime _runtime;
    private readonly EndpointOptions _options;
    private readonly Endpoint _endpoint;
    private readonly SnapshotFetcher _fetcher;
    private readonly ConcurrentQueue<WireMessage> _messages = new();
    private readonly Lock _gate = new();

    // By the log's word, and beside it those that only a hello has said. These can't keep a member out, however many say hello; what the
    // log holds is bounded there.
    private readonly SortedDictionary<NodeId, NodeAddress> _addresses = [];
    private readonly SortedDictionary<NodeId, NodeAddress> _heard = [];
    private readonly SortedDictionary<GroupId, (SnapshotDownload Download, Task Running)> _downloads = [];
    private readonly ConcurrentDictionary<NodeId, Epoch> _earlier = new();
    private readonly Action<Exception> _faulted;
    private Task? _disposed;
    private ulong _said;
    private CallService? _calls;

    internal NodeNetwork(NodeRuntime runtime, EndpointOptions options, INetwork network, SeededRandom random, Action<Exception> faulted)
    {
        (_runtime, _options, _faulted) = (runtime, options, faulted);
        _endpoint = new Endpoint(options, network, runtime.Clock.Time, random, this) { FindAddress = AddressOf };
        _fetcher = new SnapshotFetcher(options, network, runtime.Clock.Time, this);
        runtime.EpochRisen = OnEpochRisen;
    }

    /// <summary>Told of what an operator may want to know.</summary>
    internal Action<NetworkEvent>? OnEvent { get; set; }

    internal Endpoint Endpoint => _endpoint;

    public ClusterId Cluster => _runtime.Identity.Cluster;

    internal async Task StartAsync(CallService calls, CancellationToken cancellation)
    {
        _calls = calls;
        _said = Epoch.Value;
        await _endpoint.StartAsync(cancellation);
    }

    // What this node's connections have said of it holds no more.
    private void OnEpochRisen()
    {
        _endpoint.JudgeAgain();
        ulong now = Epoch.Value;
        ulong before = Interlocked.Exchange(ref _said, now);
        if (before != Epoch.None.Value && before != now)
        {
            _endpoint.Redial();
        }
    }

    /// <summary>Where a node can be reached, by the word of the log or of a member. The newest word counts.</summary>
    internal void Learn(NodeId node, NodeAddress address) => Learn(node, address, _addresses);

    private void Learn(NodeId node, NodeAddress address, SortedDictionary<NodeId, NodeAddress> addresses)
    {
        if (node == _options.Node)
        {
            return;
        }

        lock (_gate)
        {
            addresses = _addresses.ContainsKey(node) ? _addresses : addresses;
            if (addresses == _heard && _heard.Count >= HeardMax && !_heard.ContainsKey(node))
            {
                return;
            }

            _heard.Remove(node);
            addresses[node] = address;
        }

        // A link that nobody uses isn't made: whoever says a name would have us dial it for ever.
        _endpoint.FindPeer(node)?.SetAddress(address);
    }

    /// <summary>Nothing more is said to this node, unless it says where it is.</summary>
    internal void Forget(NodeId node)
    {
        lock (_gate)
        {
            _addresses.Remove(node);
            _heard.Remove(node);
        }

        _endpoint.Forget(node);
    }

    internal NodeAddress? AddressOf(NodeId node)
    {
        lock (_gate)
        {
            return _addresses.TryGetValue(node, out NodeAddress address) || _heard.TryGetValue(node, out address) ? address : null;
        }
    }

    bool IPeers.Send(GroupId group, in Message message, ReadOnlySpan<StoredEntry> entries)
    {
        PeerLink link = _endpoint.FindPeer(message.To) ?? _endpoint.Peer(message.To, AddressOf(message.To));
        if (entries.IsEmpty)
        {
            return link.Send(group, message, default);
        }

        WireEntry[] wire = ArrayPool<WireEntry>.Shared.Rent(entries.Length);
        for (int i = 0; i < entries.Length; i++)
        {
            ref readonly StoredEntry entry = ref entries[i];
            wire[i] = new WireEntry((byte)entry.Kind, entry.Checksum, entry.IsHeaderOnly, entry.Payload);
        }

        bool isSent = link.Send(group, message, wire.AsSpan(0, entries.Length));
        wire.AsSpan(0, entries.Length).Clear();
        ArrayPool<WireEntry>.Shared.Return(wire);
        return isSent;
    }

    void IPeers.FetchSnapshot(GroupActor group, Snapshot snapshot, NodeId from)
    {
        var download = new SnapshotDownload(group, snapshot, _runtime.Snapshots);
        lock (_gate)
        {
            // The core asks for one at a time; an earlier one that it has abandoned may still be closing its file.
            Task before = _downloads.TryGetValue(group.Id, out (SnapshotDownload Download, Task Running) earlier) ? earlier.Running : Task.CompletedTask;
            earlier.Download?.Abandon();
            _runtime.Scheduler.Start(() => _downloads[group.Id] = (download, FetchAsync(before, download, from)));
        }
    }

    Instant IPeers.HeardAt(NodeId node) =>
        _endpoint.TryGetHeard(node, out long heard, out Incarnation _) ? _runtime.Clock.At(heard) : Instant.DistantPast;

    LinkStatus? IPeers.LinkOf(NodeId node) => _endpoint.FindPeer(node)?.Status;

    Incarnation IPeers.LifeOf(NodeId node) => _endpoint.TryGetHeard(node, out long _, out Incarnation life) ? life : Incarnation.Unknown;

    void IPeers.AbandonSnapshot(GroupId group, EntryId last)
    {
        lock (_gate)
        {
            if (_downloads.TryGetValue(group, out (SnapshotDownload Download, Task Running) running) && running.Download.Last == last)
            {
                running.Download.Abandon();
            }
        }
    }

    public Epoch Epoch => _runtime.Epoch;

    HelloRefusal? IHelloPolicy.Judge(Hello hello, IReadOnlyList<string> peerNames) =>
        hello.Kind != ConnectionKind.Call && hello.Cluster != Cluster
            ? new HelloRefusal(RefusalCode.OtherCluster, hello.Cluster.Value, Cluster.Value, $"Only members connect as peers; this node belongs to {Cluster}.")
            : JudgeEpoch(hello);

    // Whoever was named at a recovery has been made to follow it before its start, and says so. A majority of before that heard a word of a
    // group's new term would answer it with a higher one.
    private HelloRefusal? JudgeEpoch(Hello hello)
    {
        if (hello.Node is not { } node)
        {
            return null;
        }

        Epoch held = _runtime.EpochToward(node);
        if (held.Excludes(hello.Epoch))
        {
            return new HelloRefusal(
                RefusalCode.OtherEpoch,
                hello.Epoch.Value,
                held.Value,
                $"Cluster {Cluster} was recovered from a lost quorum: you are of epoch {hello.Epoch}, this node of {held}. Wipe your data directory and join anew; "
                + "or, if you were named at the recovery, have your directory follow it first.");
        }

        if (hello.Kind == ConnectionKind.Peer)
        {
            NoteEpoch(node, hello.Epoch);
        }

        return null;
    }

    // One that shares another group with this node may come, and has no part in those that were recovered without it.
    private void NoteEpoch(NodeId node, Epoch said)
    {
        if (_runtime.Epoch.Excludes(said))
        {
            _earlier[node] = said;
        }
        else if (!_earlier.IsEmpty)
        {
            _earlier.TryRemove(node, out _);
        }
    }

    private bool IsExcluded(GroupActor group, NodeId node) => !_earlier.IsEmpty && _earlier.TryGetValue(node, out Epoch said)
        && group.Epoch.Excludes(said) && !group.View.Membership.Contains(node);

    void IEndpointHost.PeerRefused(NodeId node, HelloRefusal refusal)
    {
        _runtime.Events?.LinkRefused(node, refusal);

        // Of one number, none is the later: two recoveries that go on beside each other until an operator wipes one. And whoever has only now been
        // added to a group that was recovered has yet to hear of it, by the other's link.
        var (own, other) = (new Epoch(refusal.Said), new Epoch(refusal.Held));
        if (refusal.Code == RefusalCode.OtherEpoch && other.Number > own.Number && _runtime.IsBehind(node, other))
        {
            _runtime.Supersede(new SupersededException(node, own, other));
        }
    }

    void IEndpointHost.Received(PeerMessage message)
    {
        GroupActor? group = _runtime.FindOrCreate(message.Group);
        if (group is null || IsExcluded(group, message.Message.From))
        {
            message.Release();
        }
        else if (WireMessage.Take(message, _messages, _runtime.EntryBytesMax) is { } received)
        {
            group.Receive(received);
        }
    }

    void IEndpointHost.PeerConnected(NodeId node, Incarnation incarnation, NodeAddress? advertised)
    {
        _runtime.Events?.LinkUp(node);
        Hear(node, advertised);
    }

    void IEndpointHost.PeerLost(NodeId node, string why)
    {
        _runtime.Events?.LinkDown(node, why);
        _runtime.ReportUnreachable(node);
    }

    void IEndpointHost.PeerHeard(NodeId node, Incarnation incarnation, NodeAddress? advertised) => Hear(node, advertised);

    ValueTask<CallReply> IEndpointHost.ServeAsync(CallRequest request, CancellationToken cancellation) => _calls!.ServeAsync(request, cancellation);

    ISnapshotSource? IEndpointHost.FindSnapshot(GroupId group, EntryId last, NodeId asker)
    {
        if (_runtime.Find(group)?.View.IsWitness == true)
        {
            // It has no state, and its snapshots none either.
            return null;
        }

        // What the snapshot will be continued by stays in the log for as long as it travels, and not a moment longer.
        LogPin pin = _runtime.Pin(group, last.Index);
        try
        {
            var source = new StoredSnapshotSource(_runtime.Snapshots.Open(group, last), pin, () => _runtime.Find(group)?.SnapshotBroken());
            _runtime.Events?.SnapshotSent(group, last, asker);
            return source;
        }
        catch (Exception absent) when (absent is SnapshotException or DiskException)
        {
            pin.Dispose();
            return null;
        }
        catch
        {
            pin.Dispose();
            throw;
        }
    }

    void IEndpointHost.Happened(in NetworkEvent what)
    {
        OnEvent?.Invoke(what);
        _runtime.Events?.Happened(what);
    }

    void IEndpointHost.Faulted(Exception exception) => _faulted(exception);

    /// <summary>Ends all that there is of it, whoever asks first; whoever asks later waits for that.</summary>
    public async ValueTask DisposeAsync()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _disposed, ended.Task, null) is { } closing)
        {
            await closing;
            return;
        }

        try
        {
            await CloseAsync();
            ended.SetResult();
        }
        catch (Exception failure)
        {
            ended.SetException(failure);
            throw;
        }
    }

    private async Task CloseAsync()
    {
        Task[] running;
        lock (_gate)
        {
            running = [.. _downloads.Values.Select(static each => each.Running)];
            foreach ((SnapshotDownload download, Task _) in _downloads.Values)
            {
                download.Abandon();
            }
        }

        foreach (Task each in running)
        {
            await each;
        }

        await _endpoint.DisposeAsync();
    }

    private void Hear(NodeId node, NodeAddress? advertised)
    {
        if (advertised is { } address)
        {
            Learn(node, address, _heard);
        }
    }

    private async Task FetchAsync(Task before, SnapshotDownload download, NodeId from)
    {
        await before;
        using (download)
        {
            await download.RunAsync(_fetcher, () => AddressOf(from), from, _runtime.Clock.Time);
        }
    }
}
