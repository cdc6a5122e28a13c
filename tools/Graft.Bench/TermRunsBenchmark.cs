using System.Diagnostics;
using Graft.Consensus;

namespace Graft.Bench;

/// <summary>Looks terms up in a log of many entries and a given number of terms.</summary>
internal sealed class TermRunsBenchmark
{
    private const ulong EntriesPerRun = 1000;
    private const int Questions = 4096;

    private readonly TermRuns _runs = new(EntryId.Zero);
    private readonly LogIndex[] _random = new LogIndex[Questions];
    private readonly LogIndex[] _newest = new LogIndex[Questions];

    internal TermRunsBenchmark(int runs)
    {
        for (int term = 1; term <= runs; term++)
        {
            _runs.Append(new Term((ulong)term), EntriesPerRun);
        }

        var random = new Random(1);
        ulong last = _runs.Last.Index.Value;
        for (int i = 0; i < Questions; i++)
        {
            _random[i] = new LogIndex((ulong)random.NextInt64(1, (long)last + 1));
            _newest[i] = new LogIndex(last - (ulong)random.NextInt64(0, (long)EntriesPerRun));
        }
    }

    internal Sample MeasureRandom(TimeSpan duration) => Measure(_random, duration);

    internal Sample MeasureNewest(TimeSpan duration) => Measure(_newest, duration);

    private Sample Measure(LogIndex[] questions, TimeSpan duration)
    {
        ulong asked = 0;
        ulong sum = 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            foreach (LogIndex index in questions)
            {
                sum += _runs.TermAt(index).Value;
            }

            asked += Questions;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < duration);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        // The answers are used, so that the compiler can't leave the questions out.
        return sum >= asked
            ? new Sample(elapsed.TotalNanoseconds / asked, (double)allocated / asked)
            : throw new BenchmarkFailedException($"Expected a term of 1 or more for each of {asked} entries; they add up to {sum}.");
    }
}
