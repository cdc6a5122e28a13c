using Graft.NodeProcess;

namespace Graft.Bench.Cluster;

/// <summary>Our nodes, each a process.</summary>
internal sealed class OwnCluster : IMeasuredCluster
{
    private readonly ClusterArguments _arguments;
    private readonly List<NodeChild> _nodes = [];
    private NodeConnections? _connections;
    private int _leader;

    private OwnCluster(ClusterArguments arguments) => _arguments = arguments;

    public TimeSpan Processor => _nodes.Aggregate(TimeSpan.Zero, static (sum, node) => sum + node.Processor);

    /// <param name="arguments">How many nodes, and whom to call.</param>
    /// <param name="root">Their data is kept below it.</param>
    /// <param name="cancellation">Given up; what was started is ended.</param>
    /// <exception cref="IOException">A node didn't start.</exception>
    /// <exception cref="BenchmarkFailedException">Nobody leads.</exception>
    internal static async Task<IMeasuredCluster> StartAsync(ClusterArguments arguments, string root, CancellationToken cancellation)
    {
        var cluster = new OwnCluster(arguments);
        try
        {
            for (int node = 0; node < arguments.Nodes; node++)
            {
                var options = new NodeChildOptions { Data = Path.Join(root, $"node{node}"), Join = node == 0 ? [] : [cluster._nodes[0].Address] };
                cluster._nodes.Add(await NodeChild.StartAsync(options, cancellation));
            }

            cluster._connections = new NodeConnections([.. cluster._nodes.Select(static node => node.Address)]);
            cluster._leader = await FindLeaderAsync(cluster._connections, cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task<long> CountFlushesAsync() => (await _connections!.FiguresAsync(_leader)).Flushes;

    public IMeasuredCaller Caller(int each) => new OwnCaller(
        (ulong)each + 1,
        new NodeCaller(_connections!, _arguments.IsSpread ? each % _nodes.Count : _leader) { Attempt = TimeSpan.FromSeconds(10) },
        _arguments);

    public async ValueTask DisposeAsync()
    {
        if (_connections is not null)
        {
            await _connections.DisposeAsync();
        }

        foreach (NodeChild node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private static async Task<int> FindLeaderAsync(NodeConnections connections, CancellationToken cancellation)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            for (int node = 0; node < connections.Count; node++)
            {
                if ((await connections.FiguresAsync(node, cancellation)).IsLeader)
                {
                    return node;
                }
            }

            await Task.Delay(100, cancellation);
        }

        throw new BenchmarkFailedException("Nobody leads after 10 s.");
    }
}
