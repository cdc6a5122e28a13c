namespace Graft.Storage;

/// <summary>Times the flushes of a log. Whoever writes the log begins and ends it; anybody may look.</summary>
/// <param name="time">What it's measured by.</param>
public sealed class FlushWatch(TimeProvider time)
{
    private long _lastTicks = -1;

    /// <summary>Told of each flush, on the thread that makes them: it waits meanwhile.</summary>
    public Action<FlushReport>? Told { get; set; }

    /// <summary>How long the last flush took, with the write before it; null before the first.</summary>
    public TimeSpan? Last => Interlocked.Read(ref _lastTicks) is >= 0 and long ticks ? new TimeSpan(ticks) : null;

    /// <summary>A flush, with the write before it, is about to begin.</summary>
    /// <returns>What <see cref="End"/> wants.</returns>
    public long Begin() => time.GetTimestamp();

    /// <summary>The flush that was begun has succeeded. One that fails is never ended.</summary>
    /// <param name="begun">What <see cref="Begin"/> returned.</param>
    /// <param name="bytes">How many bytes were written.</param>
    /// <param name="writes">How many writes became durable by it.</param>
    /// <param name="entries">How many entries they had.</param>
    public void End(long begun, long bytes, int writes, int entries)
    {
        TimeSpan elapsed = time.GetElapsedTime(begun);
        Interlocked.Exchange(ref _lastTicks, elapsed.Ticks);
        Told?.Invoke(new FlushReport(elapsed, bytes, writes, entries));
    }
}
