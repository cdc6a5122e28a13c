namespace Graft.Bench;

/// <summary>Runs a moment of every benchmark and checks that the work was done and that nothing was allocated for it.</summary>
internal static class SmokeCheck
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    /// <returns>What fell short, one line each.</returns>
    /// <exception cref="BenchmarkFailedException">A cluster did not commit what it was given.</exception>
    internal static IReadOnlyList<string> Run()
    {
        var failures = new List<string>();
        foreach (ProposalCase shape in ProposalCase.All([3, 5], [1, 64]))
        {
            var benchmark = new ProposalBenchmark(shape);
            benchmark.WarmUp(Moment);
            Expect(failures, benchmark.Measure(Moment), $"a proposal ({shape.Mode}, {shape.Nodes} nodes, batch {shape.Batch})");
        }

        foreach (int followers in CoreBenchmarks.FollowerCounts)
        {
            var benchmark = new HeartbeatBenchmark(followers);
            benchmark.MeasureFull(Moment);
            Expect(failures, benchmark.MeasureLeader(Moment), $"a leader's heartbeats to {followers} followers");
            Expect(failures, benchmark.MeasureFull(Moment), $"a heartbeat round with {followers} followers");
        }

        foreach (int runs in CoreBenchmarks.RunCounts)
        {
            var benchmark = new TermRunsBenchmark(runs);
            Expect(failures, benchmark.MeasureRandom(Moment), $"a term among {runs} runs");
            Expect(failures, benchmark.MeasureNewest(Moment), $"a term of the newest of {runs} runs");
        }

        return failures;
    }

    private static void Expect(List<string> failures, Sample sample, string what)
    {
        if (sample.Bytes > 0)
        {
            failures.Add(FormattableString.Invariant($"Expected {what} to allocate nothing; it allocates {sample.Bytes:0.####} bytes."));
        }
    }
}
