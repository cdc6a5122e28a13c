using System.Diagnostics;
using Graft.Consensus;

namespace Graft.Bench;

/// <summary>Proposals from the call at the leader to the commit, with every member storing and acknowledging them.</summary>
internal sealed class ProposalBenchmark
{
    private const int EntryBytes = 256;

    // The leader remembers the sizes of this many entries; until so many have gone by, that memory grows.
    private const ulong EntriesUntilSteady = 1 << 18;
    private const ulong TurnsPerClockReading = 64;

    private readonly ProposalMode _mode;
    private readonly int[] _sizes;
    private readonly byte[] _payload = new byte[EntryBytes];
    private readonly MemoryCluster _cluster;

    internal ProposalBenchmark(ProposalCase shape)
    {
        _mode = shape.Mode;
        _sizes = new int[shape.Batch];
        _sizes.AsSpan().Fill(EntryBytes);
        _cluster = new MemoryCluster(shape.Nodes);
    }

    /// <summary>Runs until the code is compiled as it will stay and nothing grows any more.</summary>
    internal void WarmUp(TimeSpan least)
    {
        ulong entries = 0;
        long start = Stopwatch.GetTimestamp();
        while (entries < EntriesUntilSteady || Stopwatch.GetElapsedTime(start) < least)
        {
            entries += RunTurns(TurnsPerClockReading);
        }
    }

    internal Sample Measure(TimeSpan duration)
    {
        ulong entries = 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            entries += RunTurns(TurnsPerClockReading);
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < duration);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        _cluster.CheckAllCommitted();
        return new Sample(elapsed.TotalNanoseconds / entries, (double)allocated / entries);
    }

    private ulong RunTurns(ulong turns)
    {
        for (ulong turn = 0; turn < turns; turn++)
        {
            _cluster.Advance();
            LogIndex last = _mode == ProposalMode.Closed ? _cluster.Propose(_sizes, _payload) : ProposeOneByOne();
            _cluster.RunTurn();
            if (_cluster.Committed != last)
            {
                throw new BenchmarkFailedException($"Expected the proposal up to {last} to be committed within its turn; committed is {_cluster.Committed}.");
            }
        }

        return turns * (ulong)_sizes.Length;
    }

    private LogIndex ProposeOneByOne()
    {
        LogIndex last = default;
        for (int i = 0; i < _sizes.Length; i++)
        {
            last = _cluster.Propose(_sizes.AsSpan(i, 1), _payload);
        }

        return last;
    }
}
