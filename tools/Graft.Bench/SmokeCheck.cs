using Graft.Bench.Follower;
using Graft.Bench.Log;
using Graft.Bench.Wire;

namespace Graft.Bench;

/// <summary>Runs a moment of every benchmark and checks that the work was done and that nothing was allocated for it.</summary>
internal static class SmokeCheck
{
    // A file system on which a flush costs nothing, where there is one.
    private const double EntryBytesMax = 4;

    private const string Memory = "/dev/shm";

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    /// <returns>What fell short, one line each.</returns>
    /// <exception cref="BenchmarkFailedException">A cluster did not commit what it was given.</exception>
    internal static async Task<IReadOnlyList<string>> RunAsync()
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

        foreach (WireBenchmark benchmark in WireBenchmark.All)
        {
            Expect(failures, benchmark.Measure(Moment), $"a message on the wire ({benchmark.Name})");
        }

        ExpectSmallIndex(failures);
        await ExpectLeanFollowerAsync(failures);
        return failures;
    }

    // No object is smaller than 24 bytes. What is less than a sixth of one belongs to an append, a segment or a snapshot, and not to an entry. A pool that
    // has never been so full grows once, and what an entry costs it costs each time: so it's asked again.
    private static async Task ExpectLeanFollowerAsync(List<string> failures)
    {
        FollowerReport follower = await MeasureFollowerAsync();
        for (int again = 0; again < 2 && follower.BytesPerEntry > EntryBytesMax; again++)
        {
            follower = await MeasureFollowerAsync();
        }

        if (follower.BytesPerEntry > EntryBytesMax)
        {
            failures.Add(FormattableString.Invariant($"Expected a follower to allocate nothing for an entry; it allocates {follower.BytesPerEntry:0.##} bytes.\n{follower.ToText()}"));
        }
    }

    private static Task<FollowerReport> MeasureFollowerAsync() =>
        FollowerCommand.MeasureAsync(Directory.Exists(Memory) ? Memory : Path.GetTempPath(), appends: 200, hasTypes: true);

    // 64 MiB for ten million entries. What is allocated belongs to a segment, every 200,000 entries, not to an entry.
    private static void ExpectSmallIndex(List<string> failures)
    {
        LogReport.MemoryRow memory = LogBenchmarks.Memory(entries: 1_000_000);
        if (memory.BytesPerEntry > 6.7)
        {
            failures.Add(FormattableString.Invariant($"Expected the log's index to take at most 6.7 bytes per entry; it takes {memory.BytesPerEntry:0.00}."));
        }

        if (memory.AllocatedPerEntry > 0.02)
        {
            failures.Add(FormattableString.Invariant($"Expected an appended entry to allocate nothing; it allocates {memory.AllocatedPerEntry:0.####} bytes."));
        }
    }

    private static void Expect(List<string> failures, Sample sample, string what)
    {
        if (sample.Bytes > 0)
        {
            failures.Add(FormattableString.Invariant($"Expected {what} to allocate nothing; it allocates {sample.Bytes:0.####} bytes."));
        }
    }
}
