namespace Graft.Bench.Cluster.Rival;

/// <summary>Our nodes and the rival's in turns, so that what else the machine does weighs on both.</summary>
internal static class RivalBenchmark
{
    /// <inheritdoc cref="ClusterBenchmark.RunAsync"/>
    internal static async Task<RivalReport> RunAsync(ClusterArguments arguments, CancellationToken cancellation)
    {
        var etcd = EtcdInstallation.LookUp();
        ClusterArguments[] kinds = arguments.Read is null ? [arguments, arguments with { Read = "linearizable" }] : [arguments];
        List<RivalReport.Row> rows = [];
        foreach (ClusterArguments kind in kinds)
        {
            List<ClusterReport> own = [];
            List<ClusterReport> rival = [];
            for (int round = 1; round <= arguments.Rounds; round++)
            {
                own.Add(await RoundAsync(kind, round, "ours", OwnCluster.StartAsync, cancellation));
                if (etcd.Script is { } script)
                {
                    rival.Add(await RoundAsync(kind, round, "etcd", (what, root, given) => EtcdCluster.StartAsync(script, what, root, given), cancellation));
                }
            }

            ClusterReport? measured = Median(rival);
            rows.Add(new RivalReport.Row(Median(own)!, measured, measured?.PerSecond ?? EtcdInstallation.NotedElsewhere(kind)));
        }

        return new RivalReport(etcd.Description, etcd.Script is not null, arguments.Rounds, rows);
    }

    private static async Task<ClusterReport> RoundAsync(
        ClusterArguments kind, int round, string whose, ClusterBenchmark.Start start, CancellationToken cancellation)
    {
        ClusterReport report = await ClusterBenchmark.RunAsync(kind, start, cancellation);
        await Console.Error.WriteLineAsync(FormattableString.Invariant($"{kind.What}, round {round} of {kind.Rounds}, {whose}: {report.PerSecond:N0}/s"));
        return report;
    }

    private static ClusterReport? Median(List<ClusterReport> rounds) =>
        rounds.OrderBy(static round => round.PerSecond).ElementAtOrDefault(rounds.Count / 2);
}
