namespace Graft;

/// <summary>Where slow work of the disk is done that nobody's turn may wait for: reading old entries, writing snapshots.</summary>
/// <remarks>
/// One thread in production, since a blocked thread of the pool would delay somebody's heartbeats; the world's turns in
/// simulation.
/// </remarks>
internal sealed class DiskLane : IDisposable
{
    // The application's code may run here, and need not come to an end.
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    private readonly NodeScheduler _scheduler;
    private readonly INodeFailure _failure;
    private readonly object _gate = new();
    private readonly Queue<Action> _queue = new();
    private readonly Thread? _thread;
    private bool _isStopping;

    internal DiskLane(NodeScheduler scheduler, INodeFailure failure, string name)
    {
        (_scheduler, _failure) = (scheduler, failure);
        if (!scheduler.IsSimulated)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = name };
            _thread.UnsafeStart();
        }
    }

    /// <summary>From any thread. Work that is posted after <see cref="Dispose"/> is dropped.</summary>
    internal void Post(Action work)
    {
        if (_thread is null)
        {
            if (!_isStopping)
            {
                _scheduler.Post(new LaneTurn(work, _failure));
            }

            return;
        }

        lock (_gate)
        {
            if (!_isStopping)
            {
                _queue.Enqueue(work);
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Ends once what was posted is done, or after a while without it: the thread is in the background, and the process may end.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
        }

        _thread?.Join(StopPatience);
    }

    private void Run()
    {
        while (true)
        {
            Action? work;
            lock (_gate)
            {
                while (!_queue.TryDequeue(out work))
                {
                    if (_isStopping)
                    {
                        return;
                    }

                    Monitor.Wait(_gate);
                }
            }

            try
            {
                work();
            }
            catch (Exception bug) when (_failure.Report(this, bug))
            {
                return;
            }
        }
    }

    private sealed class LaneTurn(Action work, INodeFailure failure) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            try
            {
                work();
            }
            catch (Exception bug) when (failure.Report(this, bug))
            {
                return;
            }
        }
    }
}
