using System.Diagnostics;

namespace Graft.Bench.Cluster;

/// <summary>Nodes as processes, and clients in this one.</summary>
internal static class ClusterBenchmark
{
    internal delegate Task<IMeasuredCluster> Start(ClusterArguments arguments, string root, CancellationToken cancellation);

    /// <summary>Starts a cluster on an empty directory, measures it, and leaves nothing of it behind.</summary>
    /// <exception cref="IOException">A node didn't start.</exception>
    /// <exception cref="BenchmarkFailedException">The cluster didn't serve.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    internal static async Task<ClusterReport> RunAsync(ClusterArguments arguments, Start start, CancellationToken cancellation)
    {
        string root = Path.Join(arguments.Directory ?? Path.GetTempPath(), $"graft-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(root);
        try
        {
            await using IMeasuredCluster cluster = await start(arguments, root, cancellation);
            return await MeasureAsync(arguments, cluster, cancellation);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<ClusterReport> MeasureAsync(ClusterArguments arguments, IMeasuredCluster cluster, CancellationToken cancellation)
    {
        ClusterClient[] clients = [.. Enumerable.Range(0, arguments.Clients).Select(each => new ClusterClient(cluster.Caller(each), arguments.Read is not null))];
        await Task.WhenAll(clients.Select(static client => client.BeginAsync()));

        bool isMeasured = false;
        bool goesOn = true;
        Task running = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(() => Volatile.Read(ref isMeasured), () => Volatile.Read(ref goesOn)), CancellationToken.None)));
        Figures before;
        Figures after;
        double seconds;
        try
        {
            await Task.Delay(TimeSpan.FromSeconds(Math.Clamp(arguments.Seconds / 3, 1, 5)), cancellation);
            before = await ReadAsync(cluster);
            long start = Stopwatch.GetTimestamp();
            Volatile.Write(ref isMeasured, true);
            await Task.Delay(TimeSpan.FromSeconds(arguments.Seconds), cancellation);
            Volatile.Write(ref isMeasured, false);
            seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            after = await ReadAsync(cluster);
        }
        finally
        {
            Volatile.Write(ref goesOn, false);
            await running;
        }

        double[] times = [.. clients.SelectMany(static client => client.Done).Order().Select(static ticks => ticks * 1000.0 / Stopwatch.Frequency)];
        if (times.Length == 0)
        {
            throw new BenchmarkFailedException("Not a single call was done.");
        }

        long flushes = after.Flushes - before.Flushes;
        return new ClusterReport(
            arguments.What,
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
            (after.Nodes - before.Nodes).TotalMicroseconds / times.Length,
            (after.Own - before.Own).TotalMicroseconds / times.Length);

        double At(double share) => times[Math.Min(times.Length - 1, (int)(times.Length * share))];
    }

    private static async Task<Figures> ReadAsync(IMeasuredCluster cluster)
    {
        using var self = Process.GetCurrentProcess();
        return new Figures(await cluster.CountFlushesAsync(), cluster.Processor, self.TotalProcessorTime);
    }

    private readonly record struct Figures(long Flushes, TimeSpan Nodes, TimeSpan Own);
}
