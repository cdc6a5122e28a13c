namespace Graft.Tests;

/// <summary>Time that passes when the world says so, and not otherwise.</summary>
/// <remarks>
/// One for each node, on one <see cref="TurnWorld"/>: the monotonic clocks agree, as far as they aren't told to drift, and each wall
/// clock is a node's own.
/// </remarks>
internal sealed class VirtualTime : TimeProvider
{
    private readonly TurnWorld _world;

    /// <param name="world">The world that it passes in.</param>
    public VirtualTime(TurnWorld world)
    {
        ArgumentNullException.ThrowIfNull(world);
        _world = world;
    }

    /// <summary>How far the wall clock is off.</summary>
    public TimeSpan WallOffset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => _world.Now.Ticks;

    public override DateTimeOffset GetUtcNow() => TurnWorld.Epoch + new TimeSpan(_world.Now.Ticks) + WallOffset;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(_world, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
