using System.Diagnostics;
using System.Globalization;
using Graft.NodeProcess;

namespace Graft.Bench.Cluster;

/// <summary><c>./bench idle</c>: what groups cost that have nothing to do.</summary>
internal static class IdleCommand
{
    private const string Usage =
        """
        usage: ./bench idle [--groups N] [--seconds S] [--nodes K]

        Starts K nodes as processes, each a member of the same N groups, waits until they have come to rest, and measures
        the processor time and the memory of each for S seconds.

          --groups N    how many groups                     (1000)
          --seconds S   how long is measured                (20)
          --nodes K     how many nodes                      (3)
        """;

    // As long as the rest takes to begin, several times over.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    internal static async Task<int> RunAsync(ReadOnlyMemory<string> args)
    {
        (int groups, int seconds, int count) = (1000, 20, 3);
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !int.TryParse(args.Span[i + 1], CultureInfo.InvariantCulture, out int value) || value < 1)
            {
                await Console.Error.WriteLineAsync(Usage);
                return args.Span[i] is "--help" or "-h" ? BenchCommand.Success : BenchCommand.BadArguments;
            }

            switch (args.Span[i])
            {
                case "--groups":
                    groups = value;
                    break;
                case "--seconds":
                    seconds = value;
                    break;
                case "--nodes":
                    count = value;
                    break;
                default:
                    await Console.Error.WriteLineAsync(Usage);
                    return BenchCommand.BadArguments;
            }
        }

        string root = Path.Join(Path.GetTempPath(), $"graft-idle-{Environment.ProcessId}");
        Directory.CreateDirectory(root);
        List<NodeChild> nodes = [];
        try
        {
            long began = Stopwatch.GetTimestamp();
            for (int node = 0; node < count; node++)
            {
                var options = new NodeChildOptions
                {
                    Data = Path.Join(root, $"node{node}"),
                    Join = node == 0 ? [] : [nodes[0].Address],
                    Extra = ["--groups", groups.ToString(CultureInfo.InvariantCulture)],
                };
                nodes.Add(await NodeChild.StartAsync(options, CancellationToken.None));
                await Console.Error.WriteLineAsync($"node {node + 1} of {count} is up after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
            }

            await Task.Delay(Settling);
            await MeasureAsync(nodes, groups, seconds);
            return BenchCommand.Success;
        }
        catch (IOException failure)
        {
            await Console.Error.WriteLineAsync(failure.Message);
            return BenchCommand.Failure;
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

    private static async Task MeasureAsync(List<NodeChild> nodes, int groups, int seconds)
    {
        TimeSpan[] before = [.. nodes.Select(static node => node.Processor)];
        long start = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($"{nodes.Count} nodes, {groups} idle groups on each, {elapsed:0} s");
        for (int node = 0; node < nodes.Count; node++)
        {
            double share = (nodes[node].Processor - before[node]).TotalSeconds / elapsed;
            Console.WriteLine($"node {node + 1}: {share:0.0%} of a core, {nodes[node].ResidentBytes / 1048576.0:0} MiB");
        }
    }
}
