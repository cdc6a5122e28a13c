using Graft.Consensus;

namespace Graft.Network.Tests.Links;

/// <summary>A node that writes down what it is told.</summary>
/// <remarks>Its lists are read where nothing else runs: in the test's own world, or under <see cref="WaitAsync"/>.</remarks>
#pragma warning disable CA1001 // A semaphore without a wait handle holds nothing.
internal sealed class TestHost : IEndpointHost
#pragma warning restore CA1001
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _changes = new(0);

    internal List<(GroupId Group, Message Message, byte[][] Payloads)> Messages { get; } = [];

    internal List<PeerMessage> Held { get; } = [];

    internal List<NodeId> Connected { get; } = [];

    internal List<(NodeId Node, string Why)> Lost { get; } = [];

    internal List<NodeId> Heard { get; } = [];

    internal List<NetworkEvent> Events { get; } = [];

    internal List<Exception> Faults { get; } = [];

    /// <summary>Keeps what is received instead of releasing it.</summary>
    internal bool HoldsMessages { get; set; }

    internal Func<Hello, HelloRefusal?> Judgement { get; set; } = _ => null;

    internal Func<CallRequest, CancellationToken, ValueTask<CallReply>> Service { get; set; } =
        (request, _) => ValueTask.FromResult(new CallReply(request.Method, request.Body.ToArray()));

    internal Func<EntryId, ISnapshotSource?> Snapshot { get; set; } = _ => null;

    public ClusterId Cluster { get; set; } = new(1);

    /// <summary>Those of the last hello.</summary>
    internal IReadOnlyList<string> PeerNames { get; private set; } = [];

    public HelloRefusal? Judge(Hello hello, IReadOnlyList<string> peerNames)
    {
        PeerNames = peerNames;
        return Judgement(hello);
    }

    public void Received(PeerMessage message)
    {
        byte[][] payloads = [.. message.Entries.ToArray().Select(entry => entry.Payload.ToArray())];
        Note(() => Messages.Add((message.Group, message.Message, payloads)));
        if (HoldsMessages)
        {
            Note(() => Held.Add(message));
        }
        else
        {
            message.Release();
        }
    }

    public void PeerConnected(NodeId node, Incarnation incarnation, NodeAddress? advertised) => Note(() => Connected.Add(node));

    public void PeerLost(NodeId node, string why) => Note(() => Lost.Add((node, why)));

    public void PeerHeard(NodeId node, Incarnation incarnation, NodeAddress? advertised) => Note(() => Heard.Add(node));

    public ValueTask<CallReply> ServeAsync(CallRequest request, CancellationToken cancellation) => Service(request, cancellation);

    public ISnapshotSource? FindSnapshot(GroupId group, EntryId last, NodeId asker) => Snapshot(last);

    public void Happened(in NetworkEvent what)
    {
        NetworkEvent copy = what;
        Note(() => Events.Add(copy));
    }

    public void Faulted(Exception exception) => Note(() => Faults.Add(exception));

    /// <summary>Waits until something holds of the lists, on real threads.</summary>
    internal async Task WaitAsync(Func<bool> holds, CancellationToken cancellation)
    {
        while (true)
        {
            lock (_gate)
            {
                if (holds())
                {
                    return;
                }
            }

            await _changes.WaitAsync(cancellation);
        }
    }

    internal NetworkEvent Only(NetworkEventKind kind) => Assert.Single(Events, what => what.Kind == kind);

    private void Note(Action change)
    {
        lock (_gate)
        {
            change();
        }

        _changes.Release();
    }
}
