using System.Diagnostics;
using Graft.NodeProcess;

namespace Graft.Bench.Cluster;

/// <summary>Nodes as processes, and clients in this one.</summary>
internal static class ClusterBenchmark
{
    /// <exception cref="IOException">A node didn't start.</exception>
    /// <exception cref="BenchmarkFailedException">The cluster didn't serve.</exception>
    internal static async Task<ClusterReport> RunAsync(ClusterArguments arguments)
    {
        string root = Path.Join(arguments.Directory ?? Path.GetTempPath(), $"graft-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(root);
        List<NodeChild> nodes = [];
        try
        {
            for (int node = 0; node < arguments.Nodes; node++)
            {
                var options = new NodeChildOptions { Data = Path.Join(root, $"node{node}"), Join = node == 0 ? [] : [nodes[0].Address] };
                nodes.Add(await NodeChild.StartAsync(options, CancellationToken.None));
            }

            return await MeasureAsync(arguments, nodes);
        }
        finally
        {
            foreach (NodeChild node in nodes)
            {
                await node.DisposeAsync();
            }

            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<ClusterReport> MeasureAsync(ClusterArguments arguments, List<NodeChild> nodes)
    {
        await using var connections = new NodeConnections([.. nodes.Select(static node => node.Address)]);
        int leader = await FindLeaderAsync(connections);
        ClusterClient[] clients =
        [
            .. Enumerable.Range(0, arguments.Clients).Select(each => new ClusterClient(
                (ulong)each + 1, new NodeCaller(connections, arguments.IsSpread ? each % nodes.Count : leader) { Attempt = TimeSpan.FromSeconds(10) }, arguments)),
        ];
        await Task.WhenAll(clients.Select(static client => client.BeginAsync()));

        bool isMeasured = false;
        bool goesOn = true;
        Task running = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(() => Volatile.Read(ref isMeasured), () => Volatile.Read(ref goesOn)))));
        await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(arguments.Seconds / 3, 1, 5)));

        (long flushes, TimeSpan processor, TimeSpan own) = await ReadAsync(connections, nodes, leader);
        long start = Stopwatch.GetTimestamp();
        Volatile.Write(ref isMeasured, true);
        await Task.Delay(TimeSpan.FromSeconds(arguments.Seconds));
        Volatile.Write(ref isMeasured, false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        (long flushesAfter, TimeSpan processorAfter, TimeSpan ownAfter) = await ReadAsync(connections, nodes, leader);
        Volatile.Write(ref goesOn, false);
        await running;

        double[] times = [.. clients.SelectMany(static client => client.Done).Order().Select(static ticks => ticks * 1000.0 / Stopwatch.Frequency)];
        if (times.Length == 0)
        {
            throw new BenchmarkFailedException("Not a single call was done.");
        }

        flushes = flushesAfter - flushes;
        return new ClusterReport(
            arguments.Read is null ? "writes" : $"{arguments.Read} reads",
            arguments.Clients,
            arguments.Size,
            arguments.Nodes,
            seconds,
            times.Length / seconds,
            At(0.5),
            At(0.99),
            At(0.999),
            times[^1],
            times.Length,
            clients.Sum(static client => client.Rejected),
            clients.Sum(static client => client.Unknown),
            flushes / seconds,
            arguments.Read is null && flushes > 0 ? (double)times.Length / flushes : 0,
            (processorAfter - processor).TotalMicroseconds / times.Length,
            (ownAfter - own).TotalMicroseconds / times.Length);

        double At(double share) => times[Math.Min(times.Length - 1, (int)(times.Length * share))];
    }

    private static async Task<(long Flushes, TimeSpan Nodes, TimeSpan Own)> ReadAsync(NodeConnections connections, List<NodeChild> nodes, int leader)
    {
        using var self = Process.GetCurrentProcess();
        NodeFigures figures = await connections.FiguresAsync(leader);
        return (figures.Flushes, nodes.Aggregate(TimeSpan.Zero, static (sum, node) => sum + node.Processor), self.TotalProcessorTime);
    }

    private static async Task<int> FindLeaderAsync(NodeConnections connections)
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            for (int node = 0; node < connections.Count; node++)
            {
                if ((await connections.FiguresAsync(node)).IsLeader)
                {
                    return node;
                }
            }

            await Task.Delay(100);
        }

        throw new BenchmarkFailedException("Nobody leads after 10 s.");
    }
}
