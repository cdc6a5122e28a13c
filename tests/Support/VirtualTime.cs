namespace Graft.Tests.Support;

/// <summary>A clock that stands still until its world moves it.</summary>
/// <remarks>Timers go off in the order of their times; those of one time in the order that the seed of the world draws.</remarks>
internal sealed class VirtualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<VirtualTimer, (long At, ulong Number)> _timers = new();
    private readonly DateTimeOffset _epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private ulong _numbers;
    private long _now;

    /// <summary>Since the world began.</summary>
    internal TimeSpan Elapsed => new(Interlocked.Read(ref _now));

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _epoch + Elapsed;

    /// <summary>How far the clock moves each time that somebody looks at it, in ticks. On a real machine no two looks are alike.</summary>
    internal long MovesPerLook { get; init; }

    public override long GetTimestamp() => Interlocked.Add(ref _now, MovesPerLook);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to the next timer that is set.</summary>
    /// <returns>What is due at that time; empty if no timer is set.</returns>
    internal List<Action> MoveToNext()
    {
        var due = new List<Action>();
        lock (_gate)
        {
            while (_timers.TryPeek(out VirtualTimer? timer, out (long At, ulong Number) key) && (due.Count == 0 || key.At == _now))
            {
                _timers.Dequeue();
                if (timer.IsSetAs(key.Number))
                {
                    _now = Math.Max(_now, key.At);
                    due.Add(() => timer.GoOff(key.Number));
                }
            }
        }

        return due;
    }

    internal ulong Set(VirtualTimer timer, TimeSpan dueTime)
    {
        lock (_gate)
        {
            ulong number = ++_numbers;
            _timers.Enqueue(timer, (_now + Math.Max(0, dueTime.Ticks), number));
            return number;
        }
    }
}
