using System.Globalization;
using System.Text.Json;
using Graft.Storage;

namespace Graft.Bench.Follower;

/// <summary><c>./bench follower</c>: what an entry leaves behind for the collector on its way through a follower.</summary>
internal static class FollowerCommand
{
    private const string Usage =
        """
        usage: ./bench follower [options]

        Feeds a follower with the frames of a leader, in one process, and counts what the process allocates: decoding, the group's actor,
        the log with real flushes, commit, the state machine. docs/internals/benchmarks.md explains.

          --appends N      of each size, 10 to 1000000               (1000)
          --dir PATH       where the log lies, in a directory that is made there and removed  (the system's temporary one)
          --types          in a pass of its own, which objects it allocates: one in a hundred kilobytes is looked at
          --json           print JSON instead of text
          --help           print this
        """;

    // So many entries stay in memory behind the last one, each with its message if it came alone: pools are full once they have gone round.
    private const int TailEntries = 1024;

    private static readonly int[] Sizes = [1, 16, 256];

    internal static async Task<int> RunAsync(ReadOnlyMemory<string> args)
    {
        (int appends, string directory, bool isJson, bool hasTypes) = (1000, Path.GetTempPath(), false, false);
        for (int i = 0; i < args.Length; i++)
        {
            string value = i + 1 < args.Length ? args.Span[i + 1] : "";
            switch (args.Span[i])
            {
                case "--json":
                    isJson = true;
                    break;
                case "--types":
                    hasTypes = true;
                    break;
                case "--appends" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out appends) && appends is >= 10 and <= 1_000_000:
                    i++;
                    break;
                case "--dir" when Directory.Exists(value):
                    directory = value;
                    i++;
                    break;
                case "--help" or "-h":
                    await Console.Out.WriteLineAsync(Usage);
                    return BenchCommand.Success;
                default:
                    await Console.Error.WriteLineAsync($"'{args.Span[i]} {value}' is no option of ./bench follower.\n\n{Usage}");
                    return BenchCommand.BadArguments;
            }
        }

        try
        {
            FollowerReport report = await MeasureAsync(directory, appends, hasTypes);
            await Console.Out.WriteLineAsync(isJson ? JsonSerializer.Serialize(report, BenchCommand.Json) : report.ToText());
            return BenchCommand.Success;
        }
        catch (Exception exception) when (exception is BenchmarkFailedException or StorageFailedException or IOException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return BenchCommand.Failure;
        }
    }

    /// <param name="parent">Where the log's directory is made and removed.</param>
    /// <param name="appends">Of each size.</param>
    /// <param name="hasTypes">Whether a pass is added that looks at what is allocated.</param>
    internal static async Task<FollowerReport> MeasureAsync(string parent, int appends, bool hasTypes)
    {
        string root = Path.Join(parent, $"graft-follower-{Environment.ProcessId}");
        Directory.CreateDirectory(root);
        try
        {
            await using var follower = new FollowerBenchmark(root);

            // The log's index grows until what is compacted makes room in it: twice, to be sure.
            follower.Measure(Sizes[^1], 2 * FollowerBenchmark.SnapshotEntries / Sizes[^1]);
            List<FollowerReport.Row> rows = [];
            foreach (int size in Sizes)
            {
                follower.Measure(size, 64 + (2 * TailEntries / size));
                FollowerReport.Row row = follower.Measure(size, appends);
                if (hasTypes)
                {
                    using var sampler = new AllocationSampler();
                    follower.Measure(size, appends);
                    row = row with { Types = sampler.Take() };
                }

                rows.Add(row);
            }

            return new FollowerReport(FollowerBenchmark.PayloadBytes, rows);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }
}
