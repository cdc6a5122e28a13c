using System.Diagnostics;
using Graft.NodeProcess;

namespace Graft.Bench.Cluster;

/// <summary>A closed loop of calls.</summary>
internal sealed class ClusterClient(IMeasuredCaller caller, bool isReader)
{
    /// <summary>How long each call took that was done while it was measured, in ticks of the stopwatch.</summary>
    internal List<long> Done { get; } = [];

    internal long Rejected { get; private set; }

    internal long Unknown { get; private set; }

    /// <summary>Writes once, so that there's something to read.</summary>
    internal async Task BeginAsync()
    {
        CallEnd end = await caller.WriteAsync();
        if (end.Outcome != CallOutcome.Done)
        {
            throw new BenchmarkFailedException($"The first write ended as {end.Outcome}. {end.Text}");
        }
    }

    /// <param name="isMeasured">Whether calls that end now count.</param>
    /// <param name="goesOn">Whether another one is made.</param>
    internal async Task RunAsync(Func<bool> isMeasured, Func<bool> goesOn)
    {
        while (goesOn())
        {
            long start = Stopwatch.GetTimestamp();
            CallEnd end = isReader ? await caller.ReadAsync() : await caller.WriteAsync();
            if (!isMeasured())
            {
                continue;
            }

            switch (end.Outcome)
            {
                case CallOutcome.Done:
                    Done.Add(Stopwatch.GetTimestamp() - start);
                    break;
                case CallOutcome.Rejected:
                    Rejected++;
                    break;
                default:
                    Unknown++;
                    break;
            }
        }
    }
}
