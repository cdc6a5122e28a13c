namespace Graft.Bench.Cluster;

/// <summary>A cluster of processes that serves: ours, or a rival's. Disposing of it ends them.</summary>
internal interface IMeasuredCluster : IAsyncDisposable
{
    /// <summary>Processor time that all its processes have used.</summary>
    TimeSpan Processor { get; }

    /// <summary>How many flushes the leader's log has made.</summary>
    Task<long> CountFlushesAsync();

    /// <param name="each">Which client calls, from 0.</param>
    IMeasuredCaller Caller(int each);
}
