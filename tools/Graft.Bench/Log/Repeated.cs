using System.Diagnostics;

namespace Graft.Bench.Log;

/// <summary>The same act again and again, each timed.</summary>
internal static class Repeated
{
    /// <summary>Microseconds of each until the time is over.</summary>
    internal static List<double> Measure(TimeSpan duration, Action act)
    {
        var times = new List<double>();
        long end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            long begin = Stopwatch.GetTimestamp();
            if (begin >= end)
            {
                return times;
            }

            act();
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
        }
    }
}
