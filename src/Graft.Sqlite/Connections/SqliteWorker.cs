#pragma warning disable RS0030 // A thread of its own is the purpose of this class; simulations run inline.

namespace Graft.Sqlite;

/// <summary>Where SQLite runs: a thread with a stack that its compiler can't exhaust, or the caller's where threads are the world's.</summary>
/// <remarks>
/// SQLite compiles nested views, triggers and cascades by recursion. On a thread of the pool a chain of 3,000 ends the process: on every node,
/// and again at each start (docs/internals/sqlite.md, K5).
/// </remarks>
internal sealed class SqliteWorker : IDisposable
{
    private const int StackBytes = 64 * 1024 * 1024;

    private readonly Queue<(Action Work, TaskCompletionSource Done)> _jobs = new();
    private readonly Thread? _thread;
    private bool _ended;

    /// <summary>Starts it.</summary>
    /// <param name="name">For debuggers.</param>
    /// <param name="inline">Everything runs at once where it's asked for.</param>
    internal SqliteWorker(string name, bool inline)
    {
        if (inline)
        {
            return;
        }

        _thread = new Thread(Run, StackBytes) { Name = name, IsBackground = true };
        _thread.UnsafeStart();
    }

    /// <summary>Ends it behind what was asked for, and waits for that.</summary>
    public void Dispose()
    {
        lock (_jobs)
        {
            _ended = true;
            Monitor.Pulse(_jobs);
        }

        _thread?.Join();
    }

    /// <summary>Runs something on it.</summary>
    /// <exception cref="ObjectDisposedException">It has ended.</exception>
    internal Task RunAsync(Action work)
    {
        if (_thread is null)
        {
            work();
            return Task.CompletedTask;
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_jobs)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            _jobs.Enqueue((work, done));
            Monitor.Pulse(_jobs);
        }

        return done.Task;
    }

    private void Run()
    {
        while (true)
        {
            (Action Work, TaskCompletionSource Done) job;
            lock (_jobs)
            {
                while (!_jobs.TryDequeue(out job))
                {
                    if (_ended)
                    {
                        return;
                    }

                    Monitor.Wait(_jobs);
                }
            }

#pragma warning disable CA1031 // Whatever happened belongs to whoever waits.
            try
            {
                job.Work();
                job.Done.SetResult();
            }
            catch (Exception failure)
            {
                job.Done.SetException(failure);
            }
#pragma warning restore CA1031
        }
    }
}
