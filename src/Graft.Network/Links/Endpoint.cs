using Graft.Consensus;

namespace Graft.Network;

/// <summary>A node on the network: one door for peers, callers and snapshots, and one link to each node it talks to.</summary>
/// <remarks>
/// All loops run on the context in which they were started: that of <see cref="StartAsync"/>, and for a link that of the
/// <see cref="Peer"/> that created it. In production that is none.
/// </remarks>
public sealed partial class Endpoint : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<NodeId, PeerLink> _links = [];
    private readonly SortedDictionary<NodeId, PeerReceiver> _receivers = [];
    private readonly SortedDictionary<ulong, Served> _served = [];
    private readonly SortedDictionary<ulong, Served> _unheard = [];
    private readonly ByteBudget _peerFrames;
    private readonly ByteBudget _callFrames;
    private readonly List<Task> _ended = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly SeededRandom _random;
    private IListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private IDisposable? _watching;
    private ulong _connections;
    private int _clientPlaces;
    private int _nodePlaces;
    private volatile bool _isDraining;
    private bool _isDisposed;

    /// <summary>Sets an endpoint up. It neither listens nor connects yet.</summary>
    /// <param name="options">Who the node is, and its limits.</param>
    /// <param name="network">What moves the bytes.</param>
    /// <param name="time">The clock of every timeout.</param>
    /// <param name="random">For the pauses between attempts to connect. The endpoint's own from here on.</param>
    /// <param name="host">Takes what arrives.</param>
    /// <exception cref="ArgumentException">An option is outside of its range.</exception>
    public Endpoint(EndpointOptions options, INetwork network, TimeProvider time, SeededRandom random, IEndpointHost host)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentNullException.ThrowIfNull(host);
        options.ThrowIfInvalid();
        (Options, Network, Time, _random, Host) = (options, network, time, random, host);
        Calls = new ByteBudget(options.CallsMax, options.CallBytesMax);
        _peerFrames = new ByteBudget(int.MaxValue, options.UnfinishedBytesMax);
        _callFrames = new ByteBudget(int.MaxValue, options.UnfinishedBytesMax);
        Snapshots = new SnapshotLimits(options.SnapshotsMax, options.SnapshotBytesPerSecond, time);
    }

    /// <summary>Where it listens, with the port that was chosen.</summary>
    /// <exception cref="InvalidOperationException">It doesn't: not started, or <see cref="EndpointOptions.Listen"/> is null.</exception>
    public NodeAddress ListenAddress => _listener?.Address ?? throw new InvalidOperationException("The endpoint isn't listening.");

    /// <summary>Asked where a node is that there is no link to, by a call: null if nobody knows. From any thread. Set before <see cref="StartAsync"/>.</summary>
    public Func<NodeId, NodeAddress?>? FindAddress { get; set; }

    internal EndpointOptions Options { get; }

    internal INetwork Network { get; }

    internal TimeProvider Time { get; }

    internal IEndpointHost Host { get; }

    /// <summary>Of received batches. What it holds is <see cref="EndpointOptions.ReceivedBytesMax"/>'s.</summary>
    internal BlockPool Pool { get; } = new();

    /// <summary>Of requests, which have a budget of their own: callers that wait must not keep appends away.</summary>
    internal BlockPool CallPool { get; } = new();

    internal ByteBudget Calls { get; }

    internal SnapshotLimits Snapshots { get; }

    internal CancellationToken Stopping => _stopping.Token;

    internal NodeAddress? Advertised => Options.Advertised ?? _listener?.Address;

    /// <summary>Begins to listen, if <see cref="EndpointOptions.Listen"/> says where. Once.</summary>
    /// <param name="ct">Gives up; nothing listens then.</param>
    /// <exception cref="IOException">It can't listen there.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The endpoint is disposed.</exception>
    public async ValueTask StartAsync(CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _watching ??= Network.Watch(what => Host.Happened(what));
        if (Options.Listen is { } address)
        {
            _listener = await Network.ListenAsync(address, ct);
            _accepting = AcceptAllAsync(_listener);
        }
    }

    /// <summary>The link to a node; created on first use, and from then on it keeps a connection up. From any thread.</summary>
    /// <param name="node">The node.</param>
    /// <param name="address">Where a link that is created finds it; what is sent at once then waits for the connection instead of being dropped.</param>
    /// <exception cref="ArgumentException">It's this node itself.</exception>
    /// <exception cref="ObjectDisposedException">The endpoint is disposed.</exception>
    public PeerLink Peer(NodeId node, NodeAddress? address = null)
    {
        if (node == Options.Node)
        {
            throw new ArgumentException($"{node} is this node, and no peer of itself.", nameof(node));
        }

        PeerLink link;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_links.TryGetValue(node, out PeerLink? known))
            {
                return known;
            }

            link = new PeerLink(this, node, _random.Fork());
            _links.Add(node, link);
        }

        // Before the start: the first attempt begins in it, and takes what is sent from then on. What is dropped in its place, a new leader's
        // first append say, comes again with the next heartbeat only.
        if (address is { } place)
        {
            link.SetAddress(place);
        }

        link.Start();
        return link;
    }

    /// <summary>Says where a node is, and begins a link to it. The newest word counts, from the next attempt on; a pause between attempts ends. From any thread.</summary>
    /// <param name="node">The node. For this node itself nothing happens.</param>
    /// <param name="address">Where it is.</param>
    /// <exception cref="ObjectDisposedException">The endpoint is disposed.</exception>
    public void SetAddress(NodeId node, NodeAddress address)
    {
        if (node != Options.Node)
        {
            Peer(node, address).SetAddress(address);
        }
    }

    /// <summary>Ends the link to a node and closes what it has connected to us. It may come back: <see cref="Peer"/> begins another link then. From any thread.</summary>
    public void Forget(NodeId node)
    {
        Task calls = ForgetCallsAsync(node);
        PeerLink? link;
        PeerReceiver? receiver;
        lock (_gate)
        {
            _ended.RemoveAll(task => task.IsCompleted);
            _ended.Add(calls);
            if (_links.Remove(node, out link))
            {
                _ended.Add(link.Loop);
            }

            _receivers.TryGetValue(node, out receiver);
        }

        link?.Close();
        receiver?.Retire();
    }

    /// <summary>Has the host judge again who is connected to this node, and ends what it would refuse now: they dial again, and are told why not.</summary>
    /// <remarks>When this returns, the last message of those has been delivered. From any thread, but not from inside of <see cref="IEndpointHost.Received"/>.</remarks>
    public void JudgeAgain()
    {
        Served[] all;
        lock (_gate)
        {
            all = [.. _served.Values.Where(static served => served.Said is not null)];
        }

        foreach (Served served in all)
        {
            if (served.Said is var (hello, names) && Host.Judge(hello, names) is not null)
            {
                Expel(served);
            }
        }
    }

    /// <summary>Ends what this node's links have connected: they dial again at once, and say what is so now.</summary>
    public void Redial()
    {
        PeerLink[] all;
        lock (_gate)
        {
            all = [.. _links.Values];
        }

        foreach (PeerLink link in all)
        {
            link.Redial();
        }
    }

    private void Expel(Served served)
    {
        PeerReceiver? receiver;
        lock (_gate)
        {
            served.IsExpelled = true;
            receiver = served.Receiver;
        }

        receiver?.Retire();
        served.Connection.Abort();
    }

    /// <summary>Refuses new connections from here on (<see cref="RefusalCode.Draining"/>); those that there are go on.</summary>
    public void Drain() => _isDraining = true;

    /// <summary>Ends everything: listening, connections, links; and waits until all loops have ended. A second time does nothing, and doesn't wait.</summary>
    /// <remarks>Not from a call to the host, whose loop it would wait for. A loop that ended by a bug throws it here again.</remarks>
    public async ValueTask DisposeAsync()
    {
        List<Task> tasks;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            foreach (PeerLink link in _links.Values)
            {
                link.Close();
            }

            foreach (Served served in _served.Values)
            {
                served.Connection.Abort();
            }

            tasks = [.. _ended, .. _links.Values.Select(link => link.Loop), .. _served.Values.Select(served => served.Task)];
        }

        CancelWaits();
        _watching?.Dispose();
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        await DisposeCallsAsync();
        await _accepting;
        foreach (Task task in tasks)
        {
            await task;
        }

        _stopping.Dispose();
    }

    // In a method of its own, because in an asynchronous one the analyzers ask for CancelAsync, which leaves the context.
    private void CancelWaits() => _stopping.Cancel();

    /// <summary>Tells the host of a bug, unless the exception is one that a connection may end with. Always false: a filter for catch.</summary>
    internal bool Report(Exception exception)
    {
        Host.Faulted(exception);
        return false;
    }

    /// <summary>When a node that is connected to us was last heard, by a ping at the latest, and in which life it is.</summary>
    /// <param name="node">The node.</param>
    /// <param name="heard">A reading of the clock's <see cref="TimeProvider.GetTimestamp"/>.</param>
    /// <param name="incarnation">Its life.</param>
    /// <returns>False if it isn't connected: nothing of it can be heard.</returns>
    public bool TryGetHeard(NodeId node, out long heard, out Incarnation incarnation)
    {
        PeerReceiver? receiver;
        lock (_gate)
        {
            receiver = _receivers.GetValueOrDefault(node);
        }

        (heard, incarnation) = (receiver?.HeardAt ?? 0, receiver?.Incarnation ?? Incarnation.Unknown);
        return receiver is not null;
    }

    /// <summary>The link to a node; null if there is none. From any thread.</summary>
    public PeerLink? FindPeer(NodeId node)
    {
        lock (_gate)
        {
            return _links.GetValueOrDefault(node);
        }
    }
}
