namespace Graft.Simulation.Nodes;

/// <summary>A timer that goes off in a turn of its process.</summary>
internal sealed class WorldTimer(WorldLoop loop, SimulatedProcess process, TimerCallback callback, object? state) : ITimer
{
    private ulong _number;
    private TimeSpan _period;
    private bool _isDisposed;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_isDisposed)
        {
            return false;
        }

        _period = period;
        _number = dueTime == Timeout.InfiniteTimeSpan ? 0 : loop.Set(this, dueTime);
        return true;
    }

    public void Dispose() => (_isDisposed, _number) = (true, 0);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    internal bool IsSetAs(ulong number) => _number == number;

    /// <summary>Calls back, unless the timer was set anew or disposed since it became due.</summary>
    internal Turn TurnOf(ulong number) => new(process, _ => GoOff(number), null);

    private void GoOff(ulong number)
    {
        if (_number != number)
        {
            return;
        }

        bool repeats = _period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero;
        _number = repeats ? loop.Set(this, _period) : 0;
        callback(state);
    }
}
