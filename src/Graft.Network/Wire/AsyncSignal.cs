using System.Threading.Tasks.Sources;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>Wakes the one loop that waits for it. A signal set while nobody waits is kept, once.</summary>
/// <remarks>
/// Set from any thread; the loop goes on where its context wants it and never on the stack of the one who sets. Allocates
/// nothing: this is why it isn't a semaphore.
/// </remarks>
public sealed class AsyncSignal : IValueTaskSource
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private bool _isSet;
    private bool _isAwaited;

    /// <summary>Wakes the loop, or lets its next wait pass. From any thread.</summary>
    public void Set()
    {
        lock (_gate)
        {
            if (!_isAwaited)
            {
                _isSet = true;
                return;
            }

            _isAwaited = false;
        }

        _core.SetResult(true);
    }

    /// <summary>Waits for the next signal. By the one loop that owns it, and not again before this wait is over.</summary>
    /// <exception cref="InvariantViolationException">Somebody waits already.</exception>
    public ValueTask WaitAsync()
    {
        lock (_gate)
        {
            Invariant.Check(!_isAwaited);
            if (_isSet)
            {
                _isSet = false;
                return ValueTask.CompletedTask;
            }

            _isAwaited = true;
            _core.Reset();
            return new ValueTask(this, _core.Version);
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
