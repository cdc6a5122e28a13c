using System.Runtime.InteropServices;
using System.Text.Json;
using Graft.Bench.Cluster.Rival;

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

        // Whoever is interrupted still ends its processes and removes their data.
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            await Console.Out.WriteLineAsync(await MeasureAsync(arguments, stop.Token));
            return BenchCommand.Success;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped. Its processes have ended, and their data is removed.");
            return BenchCommand.Failure;
        }
        catch (Exception exception) when (exception is BenchmarkFailedException or IOException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return BenchCommand.Failure;
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<string> MeasureAsync(ClusterArguments arguments, CancellationToken cancellation)
    {
        if (arguments.HasRival)
        {
            RivalReport compared = await RivalBenchmark.RunAsync(arguments, cancellation);
            return arguments.IsJson ? JsonSerializer.Serialize(compared, BenchCommand.Json) : compared.ToText();
        }

        ClusterReport report = await ClusterBenchmark.RunAsync(arguments, OwnCluster.StartAsync, cancellation);
        return arguments.IsJson ? JsonSerializer.Serialize(report, BenchCommand.Json) : report.ToText();
    }
}
