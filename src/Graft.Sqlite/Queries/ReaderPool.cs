namespace Graft.Sqlite;

/// <summary>The readers of one generation: as many as are needed at once, up to a bound. Any thread.</summary>
/// <param name="open">Opens one.</param>
/// <param name="max">How many there may be.</param>
internal sealed class ReaderPool(Func<Reader> open, int max)
{
    private readonly Lock _gate = new();
    private readonly Stack<Reader> _idle = new();
    private readonly HashSet<Reader> _busy = [];
    private readonly Queue<TaskCompletionSource<(ReaderPool Pool, Reader Reader)>> _waiting = new();
    private bool _retired;

    /// <summary>How many are under way.</summary>
    internal int Busy
    {
        get
        {
            lock (_gate)
            {
                return _busy.Count;
            }
        }
    }

    /// <summary>Takes a reader, or waits for one.</summary>
    /// <param name="cancellation">The asker gives up.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The pool is retired.</exception>
    internal async ValueTask<(ReaderPool Pool, Reader Reader)> TakeAsync(CancellationToken cancellation)
    {
        TaskCompletionSource<(ReaderPool, Reader)> waiting;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_retired, this);
            if (_idle.TryPop(out Reader? idle))
            {
                _busy.Add(idle);
                return (this, idle);
            }

            if (_busy.Count < max)
            {
                Reader opened = open();
                _busy.Add(opened);
                return (this, opened);
            }

            waiting = new TaskCompletionSource<(ReaderPool, Reader)>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(waiting);
        }

        using CancellationTokenRegistration registration = cancellation.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource<(ReaderPool, Reader)>)state!).TrySetCanceled(token), waiting);
        return await waiting.Task;
    }

    /// <summary>Gives a reader back; its transaction has ended.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="isSound">Whether it may be used again; otherwise it's closed, and whoever waits gets a new one.</param>
    internal void Return(Reader reader, bool isSound)
    {
        if (!isSound)
        {
            Replace(reader);
            return;
        }

        lock (_gate)
        {
            while (!_retired && _waiting.TryDequeue(out TaskCompletionSource<(ReaderPool, Reader)>? waiting))
            {
                if (waiting.TrySetResult((this, reader)))
                {
                    return;
                }
            }

            _busy.Remove(reader);
            if (!_retired)
            {
                _idle.Push(reader);
                return;
            }
        }

        reader.Dispose();
    }

    // Whoever waited longest gets the place, or learns why there's no reader in it: nobody is left waiting for what won't come.
    private void Replace(Reader reader)
    {
        lock (_gate)
        {
            _busy.Remove(reader);
            Reader? next = null;
            while (!_retired && _waiting.TryDequeue(out TaskCompletionSource<(ReaderPool, Reader)>? waiting))
            {
                try
                {
                    next ??= open();
                }
                catch (SqliteException failed)
                {
                    waiting.TrySetException(failed);
                    continue;
                }

                if (waiting.TrySetResult((this, next)))
                {
                    _busy.Add(next);
                    next = null;
                    break;
                }
            }

            if (next is not null)
            {
                _idle.Push(next);
            }
        }

        reader.Dispose();
    }

    /// <summary>Asks whoever reads to end: they hold back the WAL.</summary>
    internal void AskToGiveWay()
    {
        lock (_gate)
        {
            foreach (Reader reader in _busy)
            {
                reader.Hooks.GiveWay();
            }
        }
    }

    /// <summary>Lets nobody in any more, and closes who is idle; the others are closed as they come back.</summary>
    /// <param name="next">Whoever waits goes on waiting there; null if there's nothing to wait for any more.</param>
    internal void Retire(ReaderPool? next)
    {
        Reader[] idle;
        TaskCompletionSource<(ReaderPool, Reader)>[] waiting;
        lock (_gate)
        {
            _retired = true;
            (idle, waiting) = ([.. _idle], [.. _waiting]);
            _idle.Clear();
            _waiting.Clear();
        }

        next?.Adopt(waiting);
        foreach (TaskCompletionSource<(ReaderPool, Reader)> one in next is null ? waiting : [])
        {
            one.TrySetException(new ObjectDisposedException(nameof(ReaderPool)));
        }

        foreach (Reader reader in idle)
        {
            reader.Dispose();
        }
    }

    private void Adopt(TaskCompletionSource<(ReaderPool, Reader)>[] waiting)
    {
        lock (_gate)
        {
            foreach (TaskCompletionSource<(ReaderPool, Reader)> one in waiting)
            {
                if (_busy.Count == max)
                {
                    _waiting.Enqueue(one);
                    continue;
                }

                Reader opened = open();
                if (one.TrySetResult((this, opened)))
                {
                    _busy.Add(opened);
                }
                else
                {
                    _idle.Push(opened);
                }
            }
        }
    }
}
