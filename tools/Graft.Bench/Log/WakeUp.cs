using System.Diagnostics;

namespace Graft.Bench.Log;

/// <summary>What it costs to wake a thread that sleeps about as long as a flush takes.</summary>
internal static class WakeUp
{
    /// <summary>Microseconds from the call that wakes to the first thing the woken thread does; the median.</summary>
    internal static double Measure(TimeSpan duration, double sleepMicroseconds)
    {
        object gate = new();
        long called = 0;
        bool isOver = false;
        var times = new List<double>();
        var thread = new Thread(() =>
        {
            lock (gate)
            {
                while (!isOver)
                {
                    Monitor.Wait(gate);
                    if (called > 0)
                    {
                        times.Add(Stopwatch.GetElapsedTime(called).TotalMicroseconds);
                        called = 0;
                    }
                }
            }
        })
        { IsBackground = true };
        thread.Start();
        long end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            long pause = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(pause).TotalMicroseconds < sleepMicroseconds)
            {
                Thread.SpinWait(20);
            }

            lock (gate)
            {
                called = Stopwatch.GetTimestamp();
                Monitor.Pulse(gate);
            }
        }

        lock (gate)
        {
            isOver = true;
            Monitor.Pulse(gate);
        }

        thread.Join();
        return LogBenchmarks.Median(times);
    }
}
