namespace Graft.Storage;

/// <summary>Tells many waiters that their writes are durable, beside the next flush instead of before it.</summary>
/// <remarks>In the order of the flushes, one at a time: whoever hands over to a teller that is busy queues behind.</remarks>
internal sealed class Teller : IDisposable
{
    private readonly object _gate = new();
    private readonly Thread _thread;

    private List<(LogWrite Write, ILogCompletion Completion, FlushToken Token)> _queue = [];
    private List<(LogWrite Write, ILogCompletion Completion, FlushToken Token)> _telling = [];
    private bool _isBusy;
    private bool _isStopping;

    internal Teller()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "graft-log-teller" };
        _thread.UnsafeStart();
    }

    /// <summary>Whether everything handed over has been told.</summary>
    internal bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return !_isBusy && _queue.Count == 0;
            }
        }
    }

    internal void Tell(ReadOnlySpan<(LogWrite Write, ILogCompletion Completion)> writes, FlushToken token)
    {
        lock (_gate)
        {
            foreach ((LogWrite write, ILogCompletion completion) in writes)
            {
                if (completion is not null)
                {
                    _queue.Add((write, completion, token));
                }
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until all has been told.</summary>
    internal void Drain()
    {
        lock (_gate)
        {
            while (_isBusy || _queue.Count > 0)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Tells what is left, and ends.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            lock (_gate)
            {
                _isBusy = false;
                Monitor.PulseAll(_gate);
                while (_queue.Count == 0)
                {
                    if (_isStopping)
                    {
                        return;
                    }

                    Monitor.Wait(_gate);
                }

                _isBusy = true;
                (_queue, _telling) = (_telling, _queue);
            }

            foreach ((LogWrite write, ILogCompletion completion, FlushToken token) in _telling)
            {
                completion.Durable(write, token);
            }

            _telling.Clear();
        }
    }
}
