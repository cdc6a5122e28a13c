using System.Text;
using Graft.Network;
using Graft.NodeProcess;

namespace Graft.EndToEnd.Tests;

/// <summary>Three nodes as processes of their own, each with a directory and an address that it keeps.</summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private readonly string _root;
    private readonly string[] _extra;
    private readonly NodeChild?[] _children = new NodeChild?[3];
    private readonly NodeAddress[] _addresses = new NodeAddress[3];

    private ProcessCluster(string root, string[] extra) => (_root, _extra) = (root, extra);

    internal IReadOnlyList<NodeAddress> Addresses => _addresses;

    internal NodeChild this[int node] => _children[node] ?? throw new InvalidOperationException($"Node {node} isn't running.");

    internal static async Task<ProcessCluster> StartAsync(string[] extra, CancellationToken cancellation)
    {
        var cluster = new ProcessCluster(Directory.CreateTempSubdirectory("graft-cluster-").FullName, extra);
        try
        {
            for (int node = 0; node < 3; node++)
            {
                NodeChild child = await NodeChild.StartAsync(cluster.OptionsOf(node), cancellation);
                (cluster._children[node], cluster._addresses[node]) = (child, child.Address);
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    internal async Task KillAsync(int node)
    {
        await this[node].KillAsync();
        await ForgetAsync(node);
    }

    /// <summary>SIGTERM, and an end in order.</summary>
    internal async Task StopAsync(int node)
    {
        int code = await this[node].StopAsync();
        Assert.True(code == 0, $"Node {node} was asked to stop and ended with status {code}. {this[node].Errors}");
        await ForgetAsync(node);
    }

    internal async Task RestartAsync(int node, CancellationToken cancellation) =>
        _children[node] = await NodeChild.StartAsync(OptionsOf(node), cancellation);

    /// <summary>Fails if a node has ended that nobody ended.</summary>
    internal void AssertAlive()
    {
        for (int node = 0; node < 3; node++)
        {
            if (_children[node] is { HasExited: true } child)
            {
                Assert.Fail($"Node {node} ended by itself, with status {child.ExitCode}. {child.Errors}");
            }
        }
    }

    /// <summary>Asks one node for its state.</summary>
    internal async Task<string> ReportAsync(int node, CancellationToken cancellation)
    {
        await using var connections = new NodeConnections([_addresses[node]]);
        CallEnd end = await new NodeCaller(connections, 0).ReadAsync(ReadConsistency.Linearizable, LedgerQuery.Report, TimeSpan.FromSeconds(30), cancellation);
        Assert.True(end.Outcome == CallOutcome.Done, $"Node {node} doesn't tell its state. {end.Text}");
        Assert.True(ReadReply.TryRead(end.Body, out QueryResult result));
        return Encoding.UTF8.GetString(result.Answer.Span);
    }

    /// <summary>Waits until a node says that it leads.</summary>
    internal async Task<int> FindLeaderAsync(CancellationToken cancellation)
    {
        await using var connections = new NodeConnections(_addresses);
        while (true)
        {
            for (int node = 0; node < 3; node++)
            {
                if (_children[node] is not null && await IsLeaderAsync(connections, node, cancellation))
                {
                    return node;
                }
            }

            await Task.Delay(20, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (int node = 0; node < 3; node++)
        {
            await ForgetAsync(node);
        }

        Directory.Delete(_root, recursive: true);
    }

    private static async Task<bool> IsLeaderAsync(NodeConnections connections, int node, CancellationToken cancellation)
    {
        try
        {
            return (await connections.FiguresAsync(node, cancellation)).IsLeader;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private NodeChildOptions OptionsOf(int node) => new()
    {
        Data = Path.Join(_root, $"node{node}"),
        Listen = _addresses[node].Host is null ? new NodeAddress("127.0.0.1", 0) : _addresses[node],
        Join = node == 0 ? [] : [_addresses[0]],
        Extra = _extra,
    };

    private async ValueTask ForgetAsync(int node)
    {
        if (_children[node] is { } child)
        {
            _children[node] = null;
            await child.DisposeAsync();
        }
    }
}
