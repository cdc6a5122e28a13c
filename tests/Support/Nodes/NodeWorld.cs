using System.Text;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;
using Graft.Tests.Support;

namespace Graft.Tests;

/// <summary>Whole nodes on disks and a network in memory, in one thread.</summary>
internal sealed class NodeWorld
{
    private readonly SeededRandom _random;

    private NodeWorld(WorldContext world, ulong seed) => (World, _random) = (world, new SeededRandom(seed));

    internal WorldContext World { get; }

    internal MemoryNetwork Network { get; } = new();

    internal SortedDictionary<string, MemoryDisk> Disks { get; } = new(StringComparer.Ordinal);

    internal SortedDictionary<string, GraftNode> Nodes { get; } = new(StringComparer.Ordinal);

    internal SortedDictionary<string, TestMachine> Machines { get; } = new(StringComparer.Ordinal);

    /// <summary>Entries that nodes keep behind a snapshot.</summary>
    internal ulong TrailingEntries { get; set; } = 10_000;

    /// <summary>Makes the state machine of a node around the one in <see cref="Machines"/>.</summary>
    internal Func<string, TestMachine, IStateMachine> Around { get; set; } = static (_, machine) => machine;

    /// <summary>Makes the state machines of groups beside the default one; null for those that a node's program doesn't have.</summary>
    internal Func<string, GroupId, IStateMachine?> Others { get; set; } = static (_, _) => null;

    /// <summary>How far the wall clock of a node is ahead of the world's, from its next start on.</summary>
    internal SortedDictionary<string, TimeSpan> Skews { get; } = new(StringComparer.Ordinal);

    /// <summary>Changes what a node is told at its start.</summary>
    internal Action<string, NodeOptions>? Configure { get; set; }

    internal GraftNode Leader => Nodes.Values.Single(node => node.Group().IsLeader);

    internal static void Play(Func<NodeWorld, Task> story, ulong seed = 1) =>
        WorldContext.Run(seed, world => new NodeWorld(world, seed).TellAsync(story), TimeSpan.FromMinutes(30), clockMoves: true);

    internal static NodeAddress At(string host) => new(host, 4001);

    /// <summary>Starts a node on its disk, found or joined if that is empty.</summary>
    internal async Task<GraftNode> StartAsync(string name, params string[] join)
    {
        if (!Disks.TryGetValue(name, out MemoryDisk? disk))
        {
            disk = new MemoryDisk();
            Disks.Add(name, disk);
        }

        var options = new NodeOptions { Listen = At(name), Found = join.Length == 0, SegmentBytes = 1 << 20, LogCacheBytes = 1 << 20, CommandBytesMax = 120 << 10, TrailingEntries = TrailingEntries, ForceNew = true };
        foreach (string other in join)
        {
            options.Join.Add(At(other));
        }

        Configure?.Invoke(name, options);
        var seams = new NodeSeams
        {
            Disk = disk,
            Time = Skews.TryGetValue(name, out TimeSpan skew) ? new SkewedTime(World.Time, skew) : World.Time,
            Seed = _random.NextUInt64(),
            Network = Network.At(options.Listen.Host),
            Context = World,
        };
        var machine = new TestMachine();
        Machines[name] = machine;
        GraftNode node = await GraftNode.StartAsync(options, seams, group => group == GraftNode.DefaultGroup ? Around(name, machine) : Others(name, group), CancellationToken.None);
        Nodes[name] = node;
        return node;
    }

    internal async Task StartThreeAsync()
    {
        await StartAsync("a");
        await StartAsync("b", "a");
        await StartAsync("c", "a");
    }

    internal async Task StopAsync(string name)
    {
        GraftNode node = Nodes[name];
        Nodes.Remove(name);
        await node.DisposeAsync();
    }

    internal static async Task<string> WriteAsync(GraftNode node, string command, WriteOptions options = default)
    {
        WriteResult result = await node.Group().WriteAsync(Encoding.UTF8.GetBytes(command), options, CancellationToken.None);
        return Encoding.UTF8.GetString(result.Answer.Span);
    }

    internal static async Task<string> ReadAsync(GraftNode node, ReadConsistency consistency = default)
    {
        QueryResult result = await node.Group().QueryAsync(default, consistency, default, CancellationToken.None);
        return Encoding.UTF8.GetString(result.Answer.Span);
    }

    private async Task TellAsync(Func<NodeWorld, Task> story)
    {
        try
        {
            await story(this);
        }
        finally
        {
            foreach (string name in Nodes.Keys.ToArray())
            {
                await StopAsync(name);
            }
        }
    }
}
