using System.Text.Json;

namespace Graft.Bench.Cluster;

/// <summary>The command line of <c>./bench cluster</c>.</summary>
internal static class ClusterCommand
{
    internal static async Task<int> RunAsync(ReadOnlyMemory<string> args)
    {
        if (args.Span is ["--help" or "-h", ..])
        {
            await Console.Out.WriteLineAsync(ClusterArguments.Usage);
            return BenchCommand.Success;
        }

        if (!ClusterArguments.TryParse(args.Span, out ClusterArguments arguments, out string? error))
        {
            await Console.Error.WriteLineAsync($"{error}\n\n{ClusterArguments.Usage}");
            return BenchCommand.BadArguments;
        }

        try
        {
            ClusterReport report = await ClusterBenchmark.RunAsync(arguments);
            await Console.Out.WriteLineAsync(arguments.IsJson ? JsonSerializer.Serialize(report, BenchCommand.Json) : report.ToText());
            return BenchCommand.Success;
        }
        catch (Exception exception) when (exception is BenchmarkFailedException or IOException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return BenchCommand.Failure;
        }
    }
}
