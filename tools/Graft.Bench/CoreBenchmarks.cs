using System.Runtime.InteropServices;

namespace Graft.Bench;

/// <summary>Runs what was asked for, each row in short rounds of which the median counts.</summary>
internal static class CoreBenchmarks
{
    internal const int Rounds = 5;

    internal static readonly int[] FollowerCounts = [1, 5, 101];
    internal static readonly int[] RunCounts = [1, 10, 1000];

    private static readonly TimeSpan WarmUpAtLeast = TimeSpan.FromMilliseconds(500);

    internal static CoreReport Run(CoreArguments arguments, EtcdRival? rival)
    {
        TimeSpan round = TimeSpan.FromSeconds(arguments.Seconds) / Rounds;
        return new CoreReport(
            Machine(),
            arguments.Seconds,
            Rounds,
            Has(BenchmarkParts.Proposals) ? [.. ProposalCase.All(arguments.Nodes, arguments.Batches).Select(shape => Proposals(shape, round, rival))] : [],
            Has(BenchmarkParts.Heartbeats) ? [.. FollowerCounts.Select(followers => Heartbeats(followers, round))] : [],
            Has(BenchmarkParts.Terms) ? [.. RunCounts.Select(runs => Terms(runs, round))] : [],
            rival?.Description);

        bool Has(BenchmarkParts part) => (arguments.Parts & part) != 0;
    }

    private static CoreReport.ProposalRow Proposals(ProposalCase shape, TimeSpan round, EtcdRival? rival)
    {
        var benchmark = new ProposalBenchmark(shape);
        benchmark.WarmUp(WarmUpAtLeast);
        var ours = new List<Sample>(Rounds);
        var theirs = new List<Sample>(Rounds);
        for (int i = 0; i < Rounds; i++)
        {
            // Turn and turn about: what else the machine does then weighs on both alike.
            ours.Add(benchmark.Measure(round));
            if (rival is { IsMeasured: true })
            {
                theirs.Add(rival.Measure(shape, round));
            }
        }

        var median = Sample.MedianOf(ours);
        return new CoreReport.ProposalRow(
            shape.Mode == ProposalMode.Closed ? "closed" : "pipelined",
            shape.Nodes,
            shape.Batch,
            median.PerSecond,
            median.Nanoseconds,
            median.Bytes,
            Cell(shape, median, theirs, rival));
    }

    private static CoreReport.RivalCell? Cell(ProposalCase shape, Sample ours, List<Sample> theirs, EtcdRival? rival)
    {
        if (theirs.Count > 0)
        {
            var median = Sample.MedianOf(theirs);
            return new CoreReport.RivalCell(median.PerSecond, median.Bytes, ours.PerSecond / median.PerSecond, IsSameRun: true);
        }

        return rival is not null && EtcdRival.NotedElsewhere(shape) is { } noted
            ? new CoreReport.RivalCell(noted, null, ours.PerSecond / noted, IsSameRun: false)
            : null;
    }

    private static CoreReport.HeartbeatRow Heartbeats(int followers, TimeSpan round)
    {
        var benchmark = new HeartbeatBenchmark(followers);
        Sample leader = Median(benchmark.MeasureLeader, round);
        Sample full = Median(benchmark.MeasureFull, round);
        return new CoreReport.HeartbeatRow(followers, leader.Nanoseconds, leader.Bytes, full.Nanoseconds, full.Bytes);
    }

    private static CoreReport.TermRow Terms(int runs, TimeSpan round)
    {
        var benchmark = new TermRunsBenchmark(runs);
        Sample random = Median(benchmark.MeasureRandom, round);
        Sample newest = Median(benchmark.MeasureNewest, round);
        return new CoreReport.TermRow(runs, random.Nanoseconds, newest.Nanoseconds, Math.Max(random.Bytes, newest.Bytes));
    }

    private static Sample Median(Func<TimeSpan, Sample> measure, TimeSpan round)
    {
        measure(WarmUpAtLeast);
        var samples = new List<Sample>(Rounds);
        for (int i = 0; i < Rounds; i++)
        {
            samples.Add(measure(round));
        }

        return Sample.MedianOf(samples);
    }

    private static string Machine() =>
        $"{Environment.ProcessorCount} processors, {RuntimeInformation.OSArchitecture}, {RuntimeInformation.FrameworkDescription}";
}
