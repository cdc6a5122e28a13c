using System.Diagnostics;

namespace Graft.Bench;

/// <summary>A leader's heartbeat round: its own part alone, and with every follower answering.</summary>
internal sealed class HeartbeatBenchmark
{
    // Unheard for an election timeout, which is ten intervals, a leader steps down: an answered round comes before that.
    private const int UnheardRounds = 8;

    private readonly MemoryCluster _cluster;

    internal HeartbeatBenchmark(int followers) => _cluster = new MemoryCluster(followers + 1);

    /// <summary>One round of the leader: a message to each follower.</summary>
    internal Sample MeasureLeader(TimeSpan duration)
    {
        ulong rounds = 0;
        long allocated = 0;
        TimeSpan inside = TimeSpan.Zero;

        // A core fills two buffers in turn, and both have to have grown to a round's size before anything is counted.
        RunUnheard();
        while (inside < duration)
        {
            RunFull();
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            RunUnheard();
            inside += Stopwatch.GetElapsedTime(start);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            rounds += UnheardRounds;
        }

        return new Sample(inside.TotalNanoseconds / rounds, (double)allocated / rounds);
    }

    /// <summary>The same with the followers taking the message in and answering, and the leader taking in the answers.</summary>
    internal Sample MeasureFull(TimeSpan duration)
    {
        ulong rounds = 0;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        TimeSpan elapsed;
        do
        {
            RunFull();
            rounds++;
            elapsed = Stopwatch.GetElapsedTime(start);
        }
        while (elapsed < duration);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return new Sample(elapsed.TotalNanoseconds / rounds, (double)allocated / rounds);
    }

    private void RunUnheard()
    {
        for (int i = 0; i < UnheardRounds; i++)
        {
            _cluster.AdvanceBy(MemoryCluster.HeartbeatInterval);
            _cluster.RunLeaderUnheard();
        }
    }

    private void RunFull()
    {
        _cluster.AdvanceBy(MemoryCluster.HeartbeatInterval);
        _cluster.RunTurn();
    }
}
