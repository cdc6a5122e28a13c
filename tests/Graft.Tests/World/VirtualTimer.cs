namespace Graft.Tests;

/// <summary>A timer of a virtual clock. Its callback runs as a turn of the world.</summary>
internal sealed class VirtualTimer(TurnWorld world, TimerCallback callback, object? state) : ITimer
{
    private TimeSpan _period = Timeout.InfiniteTimeSpan;
    private int _version;
    private bool _isDisposed;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_isDisposed)
        {
            return false;
        }

        _version++;
        _period = period;
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            Schedule(dueTime);
        }

        return true;
    }

    public void Dispose() => _isDisposed = true;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    private void Schedule(TimeSpan due)
    {
        int version = _version;
        world.At(world.Now + (due > TimeSpan.Zero ? due : TimeSpan.Zero), () =>
        {
            // A change since then has its own entry.
            if (_isDisposed || version != _version)
            {
                return;
            }

            if (_period > TimeSpan.Zero)
            {
                Schedule(_period);
            }

            callback(state);
        });
    }
}
