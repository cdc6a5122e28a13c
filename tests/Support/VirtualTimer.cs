namespace Graft.Tests.Support;

internal sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
{
    private readonly Lock _gate = new();
    private ulong _number;
    private TimeSpan _period;
    private bool _isDisposed;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return false;
            }

            _period = period;
            _number = dueTime == Timeout.InfiniteTimeSpan ? 0 : time.Set(this, dueTime);
            return true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            (_isDisposed, _number) = (true, 0);
        }
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    internal bool IsSetAs(ulong number)
    {
        lock (_gate)
        {
            return _number == number;
        }
    }

    /// <summary>Calls back, unless the timer was set anew or disposed since it became due.</summary>
    internal void GoOff(ulong number)
    {
        lock (_gate)
        {
            if (_number != number)
            {
                return;
            }

            bool repeats = _period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero;
            _number = repeats ? time.Set(this, _period) : 0;
        }

        callback(state);
    }
}
