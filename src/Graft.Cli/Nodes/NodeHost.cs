using Graft.Network;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>A node with its database, in this process.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    // Long enough for the answer to whoever told the node to stop.
    private static readonly TimeSpan PartingDelay = TimeSpan.FromMilliseconds(500);

    private readonly GraftNode _node;

    private NodeHost(GraftNode node) => _node = node;

    internal NodeAddress Address => _node.Address;

    internal string Id => _node.Id.ToString();

    internal string Cluster => _node.Cluster.ToString();

    internal static async Task<NodeHost> StartAsync(NodeStart start, CancellationToken cancellation)
    {
        var options = new NodeOptions
        {
            DataDirectory = start.Data,
            Listen = start.Listen,
            Advertised = start.Advertised,
            Found = start.Found,
            ForceNew = start.ForceNew,
            JoinAs = start.JoinAs,
            JoinProgress = start.Progress,
            Logger = start.Loggers?.CreateLogger("Graft"),
        };
        options.ElectionTimeout = start.ElectionTimeout ?? options.ElectionTimeout;
        foreach (NodeAddress seed in start.Join)
        {
            options.Join.Add(seed);
        }

        var sqlite = new SqliteOptions { Directory = Path.Join(start.Data, "sqlite") };
        return new NodeHost(await GraftNode.StartAsync(options, () => new SqliteStateMachine(sqlite), cancellation));
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    /// <summary>Runs until it's told to stop, is removed, or can't go on.</summary>
    internal async Task<NodeEnd> RunAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registered = stop.Register(() => stopped.TrySetResult());
        Task first = await Task.WhenAny(stopped.Task, _node.Failed, _node.Removed);
        if (first == _node.Failed)
        {
            return new NodeEnd(NodeEndKind.Failed, (await _node.Failed)?.Message ?? "");
        }

        if (first == _node.Removed)
        {
            await Task.Delay(PartingDelay, CancellationToken.None);
            return new NodeEnd(NodeEndKind.Removed, "");
        }

        return new NodeEnd(NodeEndKind.Stopped, "");
    }
}
