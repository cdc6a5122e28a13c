using Graft.Consensus;
using Graft.Storage;
using Microsoft.Extensions.Logging;

namespace Graft.Tests;

/// <summary>One node of a <see cref="TestCluster"/>.</summary>
internal sealed class TestNode(TestCluster cluster, NodeId id) : IPeers
{
    private NodeRuntime? _runtime;

    internal NodeId Id => id;

    /// <summary>What it stands on, from its next start on.</summary>
    internal IDisk Disk { get; set; } = new MemoryDisk();

    internal bool IsRunning => _runtime is not null;

    internal NodeRuntime Runtime => _runtime!;

    internal TestMachine Machine { get; private set; } = new();

    /// <summary>Makes another state machine than <see cref="Machine"/>.</summary>
    internal Func<IStateMachine>? Machines { get; set; }

    /// <summary>What it made last.</summary>
    internal IStateMachine? MachineMade { get; private set; }

    /// <summary>Gets the lines that the node writes, from its next start on.</summary>
    internal ILogger? Logger { get; set; }

    internal GroupActor Actor => Runtime.Find(TestCluster.Group)!;

    internal void Start(bool isFounder)
    {
        var seams = new NodeSeams { Disk = Disk, Time = cluster.World.Time, Network = cluster.Bytes, Seed = cluster.NextSeed(), Context = cluster.World };
        var runtime = NodeRuntime.Open(seams, new NodeIdentity(new ClusterId(7), id), "a test");
        if (isFounder)
        {
            runtime.Found([TestCluster.Group]);
        }

        if (Logger is { } logger)
        {
            runtime.WriteTo(logger);
        }

        Machine = new TestMachine();
        MachineMade = Machines?.Invoke() ?? Machine;
        var setup = new GroupSetup { Machine = MachineMade, Settings = cluster.Settings };
        runtime.Start(this, group => group == TestCluster.Group ? setup : null);
        runtime.FindOrCreate(TestCluster.Group);
        _runtime = runtime;
    }

    internal async Task StopAsync()
    {
        NodeRuntime stopping = Runtime;
        _runtime = null;
        await stopping.StopAsync();
    }

    /// <summary>Somebody has deleted the segments. The node is to be stopped.</summary>
    internal void LoseLog()
    {
        foreach (string file in Disk.ListFiles("log"))
        {
            Disk.Delete($"log/{file}");
        }
    }

    internal async Task<string> WriteAsync(string command, WriteOptions options = default)
    {
        WriteResult result = await Actor.WriteAsync(WriteForm.Command, TestCluster.Encode(command), options, CancellationToken.None);
        return TestCluster.Text(result.Answer);
    }

    internal async Task<string> ReadAsync(ReadConsistency consistency)
    {
        QueryResult result = await Actor.ReadAsync(consistency, ReadOnlyMemory<byte>.Empty, default, CancellationToken.None);
        return TestCluster.Text(result.Answer);
    }

    bool IPeers.Send(GroupId group, in Message message, ReadOnlySpan<StoredEntry> entries)
    {
        if (_runtime is null)
        {
            return false;
        }

        cluster.Deliver(group, message, entries);
        return true;
    }

    // As if a beat went between any two nodes that reach each other, and never got lost.
    Instant IPeers.HeardAt(NodeId node) => cluster.IsReached(node, id) ? Runtime.Clock.Now : Instant.DistantPast;

    Incarnation IPeers.LifeOf(NodeId node) => cluster.IsReached(node, id) ? cluster.Nodes.Find(other => other.Id == node)!.Runtime.Incarnation : Incarnation.Unknown;

    void IPeers.FetchSnapshot(GroupActor group, Snapshot snapshot, NodeId from)
    {
        TestNode? holder = cluster.Nodes.Find(node => node.Id == from);
        cluster.Later(20, () =>
        {
            if (holder is not { IsRunning: true } || _runtime is null)
            {
                group.SnapshotFetchFailed(snapshot.Last);
                return;
            }

            using SnapshotReader reader = holder.Runtime.Snapshots.Open(TestCluster.Group, snapshot.Last);
            using SnapshotReceiver receiver = Runtime.Snapshots.OpenReceive(TestCluster.Group, reader.Snapshot);
            byte[] bytes = new byte[reader.FileBytes];
            reader.ReadRaw(0, bytes);
            receiver.Write(0, bytes);
            receiver.Complete();
            group.SnapshotFetched(snapshot.Last);
        });
    }

    void IPeers.AbandonSnapshot(GroupId group, EntryId last)
    {
        // It comes all the same, and isn't wanted then.
    }
}
