using Graft.Consensus;
using Graft.Tests.Support;

namespace Graft.Network.Tests.Links;

/// <summary>Some nodes on one network in memory, in one world.</summary>
internal sealed class Town(WorldContext world) : IAsyncDisposable
{
    private readonly List<Endpoint> _endpoints = [];

    internal WorldContext World => world;

    internal MemoryNetwork Network { get; } = new();

    internal static NodeAddress AddressOf(ulong node) => new($"h{node}", 7000);

    /// <summary>Plays a story in a town, over some seeds. Nothing may have faulted, and nothing stays open.</summary>
    internal static void Play(Func<Town, Task> story, int seeds = 5)
    {
        for (ulong seed = 1; seed <= (ulong)seeds; seed++)
        {
            WorldContext.Run(seed, world => PlayAsync(world, story));
        }
    }

    private static async Task PlayAsync(WorldContext world, Func<Town, Task> story)
    {
        var town = new Town(world);
        await using (town)
        {
            await story(town);
        }

        await world.UntilAsync(() => town.Network.OpenConnections == 0, "all connections are closed");
    }

    internal async Task<(Endpoint Endpoint, TestHost Host)> StartAsync(ulong node, Func<EndpointOptions, EndpointOptions>? change = null, uint life = 1)
    {
        var host = new TestHost();
        EndpointOptions options = new() { Node = new NodeId(node), Incarnation = new Incarnation(life), Listen = AddressOf(node) };
        var endpoint = new Endpoint(change?.Invoke(options) ?? options, Network.At($"h{node}"), world.Time, new SeededRandom(node), host);
        _endpoints.Add(endpoint);
        await endpoint.StartAsync(CancellationToken.None);
        return (endpoint, host);
    }

    internal async Task StopAsync(Endpoint endpoint)
    {
        _endpoints.Remove(endpoint);
        await endpoint.DisposeAsync();
    }

    /// <summary>A heartbeat of a group, numbered.</summary>
    internal static Message Heartbeat(ulong from, ulong to, ulong round, uint life = 1) => new()
    {
        Kind = MessageKind.Heartbeat,
        Cluster = new ClusterId(1),
        From = new NodeId(from),
        To = new NodeId(to),
        FromIncarnation = new Incarnation(life),
        Term = new Term(1),
        Round = round,
    };

    internal static Message Append(ulong from, ulong to, ulong previous, int count) => Heartbeat(from, to, 1) with
    {
        Kind = MessageKind.AppendEntries,
        Entry = EntryId.Of(1, previous),
        Last = new LogIndex(previous + (ulong)count),
        EntriesTerm = new Term(1),
    };

    internal static WireEntry[] Entries(int count, int size) =>
        [.. Enumerable.Range(0, count).Select(i => new WireEntry(1, (uint)i, false, Enumerable.Repeat((byte)i, size).ToArray()))];

    public async ValueTask DisposeAsync()
    {
        foreach (Endpoint endpoint in _endpoints)
        {
            await endpoint.DisposeAsync();
        }
    }
}
