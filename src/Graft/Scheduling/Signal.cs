using System.Threading.Tasks.Sources;

namespace Graft;

/// <summary>Wakes the one loop that waits for it. Set while nobody waits, it lets the next wait pass.</summary>
/// <remarks>The waiter goes on where it waited from, on the ambient context or the thread pool, and never inside <see cref="Set"/>.</remarks>
internal sealed class Signal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private int _state;

    private const int Idle = 0;
    private const int Waiting = 1;
    private const int IsSet = 2;

    /// <summary>From any thread.</summary>
    internal void Set()
    {
        if (Interlocked.Exchange(ref _state, IsSet) == Waiting)
        {
            _source.SetResult(true);
        }
    }

    /// <summary>By the one loop that owns it, and not again before this wait is over.</summary>
    internal ValueTask WaitAsync()
    {
        _source.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == IsSet)
        {
            Volatile.Write(ref _state, Idle);
            return default;
        }

        return new ValueTask(this, _source.Version);
    }

    void IValueTaskSource.GetResult(short token)
    {
        // Back to idle before the loop looks at its inputs: a set from here on is for the next wait.
        Interlocked.CompareExchange(ref _state, Idle, IsSet);
        _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
