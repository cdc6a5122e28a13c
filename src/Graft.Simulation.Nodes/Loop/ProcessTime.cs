namespace Graft.Simulation.Nodes;

/// <summary>The clocks of one process: a monotonic one with an origin of its own, and a wall clock that may be wrong and jump.</summary>
internal sealed class ProcessTime(WorldLoop loop, SimulatedProcess process, long origin) : TimeProvider
{
    private readonly DateTimeOffset _epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is from the world's.</summary>
    internal TimeSpan WallError { get; set; }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _epoch + loop.Elapsed + WallError;

    public override long GetTimestamp() => origin + loop.Look();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new WorldTimer(loop, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
