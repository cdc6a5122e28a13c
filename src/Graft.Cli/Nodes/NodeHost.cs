using Graft.Network;
using Graft.Server;

namespace Graft.Cli;

/// <summary>A node with its database and its HTTP, in this process. Nothing else here names the server, so no other command loads it.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    // Long enough for the answer to whoever told the node to stop.
    private static readonly TimeSpan PartingDelay = TimeSpan.FromMilliseconds(500);

    private readonly GraftServer _server;

    private NodeHost(GraftServer server) => _server = server;

    internal NodeAddress Address => _server.Address;

    internal string Id => _server.Node.Id.ToString();

    internal string Cluster => _server.Node.Cluster.ToString();

    internal static async Task<NodeHost> StartAsync(NodeStart start, CancellationToken cancellation)
    {
        var options = new ServerOptions
        {
            DataDirectory = start.Data,
            Listen = start.Listen,
            Advertised = start.Advertised,
            Name = start.Name,
            Found = start.Found,
            JoinAs = start.JoinAs,
            AllowAnonymousBeyondLoopback = start.AllowsAnybody,
            LoggerFactory = start.Loggers,
            ConfigureNode = node =>
            {
                node.ForceNew = start.ForceNew;
                node.JoinProgress = start.Progress;
                node.ElectionTimeout = start.ElectionTimeout ?? node.ElectionTimeout;
            },
        };
        foreach (NodeAddress seed in start.Join)
        {
            options.Join.Add(seed);
        }

        return new NodeHost(await GraftServer.StartAsync(options, cancellation));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Runs until it's told to stop, is removed, or can't go on.</summary>
    internal async Task<NodeEnd> RunAsync(CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registered = stop.Register(() => stopped.TrySetResult());
        GraftNode node = _server.Node;
        Task first = await Task.WhenAny(stopped.Task, node.Failed, node.Removed);
        if (first == node.Failed)
        {
            return new NodeEnd(NodeEndKind.Failed, (await node.Failed)?.Message ?? "");
        }

        if (first == node.Removed)
        {
            await Task.Delay(PartingDelay, CancellationToken.None);
            return new NodeEnd(NodeEndKind.Removed, "");
        }

        return new NodeEnd(NodeEndKind.Stopped, "");
    }
}
