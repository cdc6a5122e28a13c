using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>A node: one log, one port, and the groups that live on them.</summary>
/// <remarks>
/// <para>
/// A directory is a node's for life: it's born with a random id and the id of its cluster, and a wiped disk is another node. Where a
/// node is reached is an attribute; it may move.
/// </para>
/// <para>Dispose it to stop it: leadership is handed over, what is under way is answered, the log is closed in order.</para>
/// <para>Any thread.</para>
/// </remarks>
public sealed partial class GraftNode : IAsyncDisposable
{
    /// <summary>The group of a program that has only one.</summary>
    public static readonly GroupId DefaultGroup = new(1);

    private const int JoinedAtOnce = 32;

    private static readonly TimeSpan JoinPause = TimeSpan.FromMilliseconds(100);

    // A connection that is silent for longer is given up, unless elections take their time too.
    private static readonly TimeSpan SilenceMin = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    private readonly NodeRuntime _runtime;
    private readonly NodeNetwork _network;
    private readonly NodeOptions _options;
    private readonly INetwork _bytes;
    private readonly Forwarder _forwarder;
    private readonly LeaderDesk _desk;
    private Task? _stopped;

    private GraftNode(NodeRuntime runtime, NodeNetwork network, NodeOptions options, INetwork bytes)
    {
        (_runtime, _network, _options, _bytes) = (runtime, network, options, bytes);
        _forwarder = new Forwarder(network.Endpoint, runtime.Identity.Node, runtime.Clock);
        _desk = new LeaderDesk(_forwarder, network.Endpoint, runtime.Clock) { DefaultTimeout = options.DefaultTimeout };
        _stopping = _watch.Token;
        runtime.Over = OnOver;
    }

    internal NodeRuntime Runtime => _runtime;

    /// <summary>Who it is: drawn when its directory was born, and the same at each start.</summary>
    public NodeId Id => _runtime.Identity.Node;

    /// <summary>The cluster that its directory belongs to, for good.</summary>
    public ClusterId Cluster => _runtime.Identity.Cluster;

    /// <summary>Where it listens, with the port that the system chose if <see cref="NodeOptions.Listen"/> named none.</summary>
    public NodeAddress Address => _network.Endpoint.ListenAddress;

    /// <summary>How it came to its cluster at this start.</summary>
    public NodeOrigin Origin { get; private set; }

    /// <summary>How many flushes its log has made for writes since the start: beside the writes of the same time, how well they share them.</summary>
    public long LogFlushes => _runtime.LogFlushes;

    /// <summary>What an operator should read of this start, a sentence each: a torn tail that was dropped, damage and what it cost. Empty if there is nothing.</summary>
    public IReadOnlyList<string> Notes => _runtime.Notes;

    /// <summary>Ends when the node can't go on, with the reason: it answers nobody from then on, end the process. Null when it has been stopped.</summary>
    public Task<Exception?> Failed => _runtime.Failed;

    /// <summary>Starts a node on this machine's disk, clock and network. It ends once the node listens, and has joined if it's to; its state may still be restored then.</summary>
    /// <remarks>A start that failed has stopped what it began. The directory may have been born by then: the next start goes on from there.</remarks>
    /// <param name="options">What it's told.</param>
    /// <param name="machine">Makes the state machine of <see cref="DefaultGroup"/>, and one for each of <see cref="NodeOptions.Groups"/>.</param>
    /// <param name="cancellation">Gives the start up.</param>
    /// <exception cref="ArgumentException">An option is out of range, and the message says which; or the directory is empty, and the options neither found nor join.</exception>
    /// <exception cref="StorageRefusedException">The directory is another's, newer than this program, or in use.</exception>
    /// <exception cref="StorageFailedException">The disk failed.</exception>
    /// <exception cref="DiskException">The disk doesn't let a file be opened.</exception>
    /// <exception cref="SnapshotException">The newest snapshot of a group is another cluster's or a newer program's.</exception>
    /// <exception cref="FoundingRefusedException">A cluster takes this address for one of its members. Nothing was written.</exception>
    /// <exception cref="IOException">
    /// The port is taken; nobody of the cluster to join answered, the node hasn't joined in time (<see cref="NodeOptions.JoinTimeout"/>), or was stopped while it joined; or the disk
    /// is so full that the end of the log can't be made safe, which freed space heals.
    /// </exception>
    /// <exception cref="GraftException">A founder couldn't write its own address into the log in time.</exception>
    /// <exception cref="InvalidOperationException">One of <see cref="NodeOptions.Groups"/> is to be joined and has no state machine.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Task<GraftNode> StartAsync(NodeOptions options, Func<IStateMachine> machine, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(machine);
        options.Validate(hasDisk: false);
        var seams = new NodeSeams
        {
            Disk = new FileDisk(options.DataDirectory!),
            Time = SuspendAwareTime.Instance,
            Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))),
            Network = new SocketNetwork(),
        };
        return StartAsync(options, seams, group => group == DefaultGroup || options.Groups.Contains(group) ? machine() : null, cancellation);
    }

    /// <summary>Starts a node on whatever it's given to stand on.</summary>
    /// <param name="options">What it's told.</param>
    /// <param name="seams">Its disk, clocks, network and seed.</param>
    /// <param name="machines">
    /// Makes the state machine of a group; null if this program has no such group. Called at the start, and later by whoever hears of a group first: one
    /// call at a time.
    /// </param>
    /// <param name="cancellation">Gives the start up.</param>
    /// <inheritdoc cref="StartAsync(NodeOptions, Func{IStateMachine}, CancellationToken)"/>
    public static Task<GraftNode> StartAsync(
        NodeOptions options, NodeSeams seams, Func<GroupId, IStateMachine?> machines, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(seams);
        ArgumentNullException.ThrowIfNull(machines);
        options.Validate(hasDisk: true);

        // Loops go on where they began. Begun on the caller's context, they would wait for a user interface's thread to be idle.
        Task<GraftNode>? starting = null;
        new NodeScheduler(seams.Context).Start(() => starting = StartCoreAsync(options, seams, machines, cancellation));
        return starting!;
    }

    private static async Task<GraftNode> StartCoreAsync(
        NodeOptions options, NodeSeams seams, Func<GroupId, IStateMachine?> machines, CancellationToken cancellation)
    {
        var random = new SeededRandom(seams.Seed);
        bool isBorn = LogTools.Describe(seams.Disk).Node is null;
        NodeIdentity? birth = isBorn ? await BeBornAsync(options, seams, random, cancellation) : null;
        NodeRuntime runtime = NodeRuntime.Open(seams, birth, $"process {Environment.ProcessId}", options.SegmentBytes, options.LogCacheBytes);
        GraftNode? node = null;
        try
        {
            var endpoint = new EndpointOptions
            {
                Node = runtime.Identity.Node,
                Incarnation = runtime.Incarnation,
                Listen = options.Listen,
                Advertised = options.Advertised,
                ClientConnectionsMax = options.ClientConnectionsMax,

                // A ping is the beat of all groups that rest. One may be late before anybody doubts; each costs both nodes a wake-up or two.
                PingInterval = options.ElectionTimeout * RestWatch.Beat,
                SilenceMax = options.ElectionTimeout * 1.5 > SilenceMin ? options.ElectionTimeout * 1.5 : SilenceMin,
            };
            runtime.Alarmed = options.OnAlarm;
            if (options.Logger is { } logger)
            {
                runtime.WriteTo(logger);
            }

            NodeNetwork network = new(runtime, endpoint, seams.Network, random.Fork(), runtime.Fail);
            node = new GraftNode(runtime, network, options, seams.Network);
            await node.RunAsync(machines, isBorn, cancellation);
            return node;
        }
        catch
        {
            await (node is null ? runtime.StopAsync() : node.DisposeAsync());
            if (runtime.Failed is { IsCompletedSuccessfully: true } failed && await failed is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            throw;
        }
    }

    /// <summary>A group of this node. One that it has never heard of begins empty here, and waits for a leader.</summary>
    /// <param name="id">Which one.</param>
    /// <exception cref="ArgumentException">This program has no state machine for it.</exception>
    public GraftGroup Group(GroupId id) =>
        Handle(_runtime.FindOrCreate(id) ?? throw new ArgumentException($"{id} has no state machine on this node.", nameof(id)));

    /// <summary>The one group of a program that has only one: <see cref="DefaultGroup"/>.</summary>
    /// <exception cref="ArgumentException">This program has no state machine for it.</exception>
    public GraftGroup Group() => Group(DefaultGroup);

    /// <summary>The node and its groups in detail, in sentences too (<see cref="NodeStatus.Explain"/>). It asks no other node, and never fails.</summary>
    public async Task<NodeStatus> StatusAsync()
    {
        var groups = ImmutableArray.CreateBuilder<GroupStatus>();
        foreach (GroupActor group in _runtime.AllGroups())
        {
            groups.Add(await group.LookAsync());
        }

        return new NodeStatus
        {
            Node = Id,
            Cluster = Cluster,
            Address = _options.Advertised ?? Address,
            Failure = Failed.IsCompleted ? await Failed : null,
            Groups = groups.ToImmutable(),
        };
    }

    /// <summary>Stops the node: leaves if it's to (<see cref="NodeOptions.LeaveOnStop"/>), hands leadership over, ends what is under way, closes the log in order.</summary>
    /// <remarks>Called again, it waits for the first call. Writes that are in the log and not decided by then end as unknown.</remarks>
    public async ValueTask DisposeAsync()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _stopped, ended.Task, null) is { } stopping)
        {
            await stopping;
            return;
        }

        try
        {
            await StopAsync();
        }
        finally
        {
            ended.TrySetResult();
        }
    }

    // Whatever goes wrong on the way, the directory is let go of.
    private async Task StopAsync()
    {
        try
        {
            await PartAsync();
        }
        finally
        {
            try
            {
                await _runtime.StopGroupsAsync();
            }
            finally
            {
                try
                {
                    await _network.DisposeAsync();
                }
                finally
                {
                    await _runtime.StopAsync();
                }
            }
        }
    }

    private async Task PartAsync()
    {
        await StopWatchingAsync();

        // A start that has failed is no stop: the node comes back as the member that it was.
        if (_options.LeaveOnStop && _isUp)
        {
            await TryLeaveAsync();
        }

        _network.Endpoint.Drain();
        await Together.EndAsync(_runtime.AllGroups().Select(HandOverAsync));
    }

    // As long as anything of it answers pings, those who rest under its leaders wait for them.
    private void OnOver()
    {
        CancelWatch();
        _runtime.Scheduler.Start(() => _ = _network.DisposeAsync().AsTask());
    }

    private static async Task HandOverAsync(GroupActor group)
    {
        if (group.View.Role == Role.Leader && group.View.Membership.Members.Length > 1)
        {
            try
            {
                await group.TransferAsync(target: null, StopPatience);
            }
            catch (RejectedException)
            {
                // Nobody is there to lead in its place; the others will find one once they are.
            }
        }
    }

    // Who a directory becomes. It's drawn once, and written by the log before anything else.
    private static async Task<NodeIdentity> BeBornAsync(NodeOptions options, NodeSeams seams, SeededRandom random, CancellationToken cancellation)
    {
        var node = new NodeId(random.NextUInt64());
        if (options.Found)
        {
            await ListenBeforeFoundingAsync(options, seams, node, cancellation);
            return new NodeIdentity(new ClusterId(random.NextUInt64()), node);
        }

        if (options.Join.Count == 0)
        {
            throw new ArgumentException(
                "The data directory is empty. Found: start a new cluster with this node. Join: the addresses of a cluster to join.", nameof(options));
        }

        return new NodeIdentity(await Joining.FindClusterAsync(options, seams, cancellation), node);
    }

    // A node that lost its disk is looked for by its cluster, and would found a second one in its place.
    private static async Task ListenBeforeFoundingAsync(NodeOptions options, NodeSeams seams, NodeId node, CancellationToken cancellation)
    {
        if (options.ForceNew || !FoundingWatch.IsWorthWhile(options.Listen, options.Advertised))
        {
            return;
        }

        var limits = new EndpointOptions { Node = node, Incarnation = new Incarnation(1) };
        if (await FoundingWatch.ListenAsync(seams.Network, limits, options.Listen, seams.Time, cancellation) is { } member)
        {
            throw new FoundingRefusedException(options.Advertised ?? options.Listen, member);
        }
    }

    private async Task RunAsync(Func<GroupId, IStateMachine?> machines, bool isBorn, CancellationToken cancellation)
    {
        var settings = new GroupSettings
        {
            DefaultTimeout = _options.DefaultTimeout,
            CommandBytesMax = _options.CommandBytesMax,
            SnapshotLogBytes = _options.SnapshotLogBytes,
            TrailingEntries = _options.TrailingEntries,
            CompareInterval = _options.CompareInterval,
            ClockBound = _options.ClockBound,
        };

        // What the directory was born for may not have come about, or only in part: the process died, the port was taken. It is done then.
        bool isFounder = _options.Found && _runtime.MayFound;
        GroupId[] told = [.. _options.Groups.Prepend(DefaultGroup).Distinct()];
        if (isFounder)
        {
            Origin = NodeOrigin.Founded;
            _runtime.Found(told);
        }

        var sessions = new NodeSessions();
        _runtime.Removed = OnRemoved;
        _runtime.Start(
            _network,
            group => machines(group) is { } machine
                ? new GroupSetup { Machine = machine, Settings = settings, ElectionTimeout = _options.ElectionTimeout }
                : null,
            (group, write) => _runtime.Scheduler.Start(() => _ = _forwarder.ForwardAsync(group, sessions.Of(group.Id), write)),
            Learn);
        await _network.StartAsync(new CallService(_runtime, _desk), cancellation);
        GroupActor? own = _runtime.FindOrCreate(DefaultGroup);
        GroupActor[] missing = [];
        if (own is not null && isFounder)
        {
            await AnnounceAsync(own, cancellation);
        }
        else if (own is not null && _options.Join.Count > 0)
        {
            bool isNew = isBorn || own.View.Membership.Members.IsEmpty;
            Origin = isNew ? NodeOrigin.Joined : NodeOrigin.Known;
            missing = [.. told.Select(group => _runtime.FindOrCreate(group)
                ?? throw new InvalidOperationException($"{group} is named in Groups and has no state machine on this node."))
                .Where(static group => group.View.Membership.Members.IsEmpty)];
            if (isNew)
            {
                await JoinAsync(missing.Where(group => group == own), cancellation);
                await JoinAsync(missing.Where(group => group != own), cancellation);
                missing = [];
            }
        }

        _isUp = true;
        _watching = WatchAsync(isBorn && !isFounder, missing);
    }

    // Some at a time: each waits for its own leader's flushes, and they share those.
    private async Task JoinAsync(IEnumerable<GroupActor> groups, CancellationToken cancellation)
    {
        foreach (GroupActor[] some in groups.Chunk(JoinedAtOnce))
        {
            using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping);
            Task[] joining = [.. some.Select(group => JoinOrCancelAsync(group, giveUp))];
            try
            {
                await Together.EndAsync(joining);
            }
            catch (Exception failure) when (_stopping.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                throw new IOException($"{Id} was stopped while it joined. {failure.Message}", failure);
            }
        }
    }

    // One that can't be joined fails the start. The others would go on for a node that there isn't.
    private async Task JoinOrCancelAsync(GroupActor group, CancellationTokenSource giveUp)
    {
        try
        {
            await JoinAsync(group, JoinPause, giveUp.Token);
        }
        catch
        {
            Cancel(giveUp);
            throw;
        }
    }

    // In a method of its own, because in an asynchronous one the analyzers ask for CancelAsync, which leaves the context.
    private static void Cancel(CancellationTokenSource source) => source.Cancel();

    private void Learn(NodeId node, string text)
    {
        if (NodeAddress.TryParse(text, out NodeAddress address, out _))
        {
            _network.Learn(node, address);
        }
        else if (text.Length == 0 && !Array.Exists(_runtime.AllGroups(), group => group.View.Membership.Contains(node)))
        {
            _network.Forget(node);
        }
    }

    private async Task AnnounceAsync(GroupActor group, CancellationToken cancellation)
    {
        NodeAddress address = _options.Advertised ?? Address;
        await group.WriteAsync(WriteForm.Announce, AddressBook.Encode(Id, address.ToString()), default, cancellation);
    }

    // Through any member: the address first, so that every later leader can reach this node, then the change of members.
    private async Task JoinAsync(GroupActor group, TimeSpan pause, CancellationToken cancellation)
    {
        await NewJoining(pause).RunAsync(group, Handle(group).Roster, _options.Advertised ?? Address, _network.Learn, cancellation);
    }

    private Joining NewJoining(TimeSpan pause) => new(
        _network.Endpoint,
        _bytes,
        new CallConnectionOptions { Cluster = Cluster, Node = Id, Incarnation = _runtime.Incarnation },
        _options,
        Id,
        _runtime.Clock) { Pause = pause };
}
