using System.Runtime.InteropServices;
using System.Text.Json;

namespace Graft.Bench.Http;

/// <summary>The command line of <c>./bench http</c>.</summary>
internal static class HttpCommand
{
    internal static async Task<int> RunAsync(ReadOnlyMemory<string> args)
    {
        if (args.Span is ["--help" or "-h", ..])
        {
            await Console.Out.WriteLineAsync(HttpArguments.Usage);
            return BenchCommand.Success;
        }

        if (!HttpArguments.TryParse(args.Span, out HttpArguments arguments, out string? error))
        {
            await Console.Error.WriteLineAsync($"{error}\n\n{HttpArguments.Usage}");
            return BenchCommand.BadArguments;
        }

        // Whoever is interrupted still ends its processes and removes their data.
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            HttpReport report = await MeasureAsync(arguments, stop.Token);
            await Console.Out.WriteLineAsync(arguments.IsJson ? JsonSerializer.Serialize(report, BenchCommand.Json) : report.ToText());
            return BenchCommand.Success;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped. Its processes have ended, and their data is removed.");
            return BenchCommand.Failure;
        }
        catch (Exception exception) when (exception is BenchmarkFailedException or IOException or HttpRequestException)
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

    // In turns, so that what else the machine does weighs on both.
    private static async Task<HttpReport> MeasureAsync(HttpArguments arguments, CancellationToken cancellation)
    {
        var own = arguments.Clients.Distinct().ToDictionary(static clients => clients, static _ => new List<HttpRun>());
        var rival = own.Keys.ToDictionary(static clients => clients, static _ => new List<HttpRun>());
        for (int round = 1; round <= arguments.Rounds; round++)
        {
            await RoundAsync(arguments, round, "graft", own, OwnHttpCluster.StartAsync, cancellation);
            if (arguments.Rival is { } program)
            {
                await RoundAsync(arguments, round, "rqlite", rival, (root, given) => RqliteCluster.StartAsync(program, root, given), cancellation);
            }
        }

        return new HttpReport(
            arguments.Rows,
            arguments.Rounds,
            arguments.Seconds,
            [.. own.Keys.Select(clients => new HttpReport.Row(clients, Median(own[clients])!, Median(rival[clients]), NotedElsewhere(clients, arguments.Rows)))]);
    }

    private static async Task RoundAsync(
        HttpArguments arguments, int round, string whose, Dictionary<int, List<HttpRun>> runs, Func<string, CancellationToken, Task<IHttpCluster>> start, CancellationToken cancellation)
    {
        string root = Path.Join(arguments.Directory ?? Path.GetTempPath(), $"graft-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(root);
        try
        {
            await using IHttpCluster cluster = await start(root, cancellation);
            await HttpLoad.PrepareAsync(cluster.Leader, cancellation);
            foreach ((int clients, List<HttpRun> done) in runs)
            {
                HttpRun run = await HttpLoad.RunAsync(cluster.Leader, clients, arguments.Rows, arguments.Seconds, cancellation);
                done.Add(run);
                await Console.Error.WriteLineAsync(FormattableString.Invariant($"round {round} of {arguments.Rounds}, {whose}, {clients} clients: {run.PerSecond:N0}/s"));
            }
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static HttpRun? Median(List<HttpRun> rounds) =>
        rounds.OrderBy(static round => round.PerSecond).ElementAtOrDefault(rounds.Count / 2);

    // rqlite 10.2.7 on two cores; an order of magnitude, not a comparison.
    private static double? NotedElsewhere(int clients, int rows) => (clients, rows) switch
    {
        (1, 1) => 690,
        (16, 1) => 3_100,
        (64, 1) => 4_600,
        (4, 100) => 270,
        _ => null,
    };
}
