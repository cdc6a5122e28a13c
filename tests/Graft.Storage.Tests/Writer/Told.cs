namespace Graft.Storage.Tests.Writer;

/// <summary>Counts what a writer tells, and lets a test wait for it.</summary>
internal sealed class Told : ILogCompletion
{
    private readonly object _gate = new();
    private readonly List<Exception> _failures = [];
    private int _durable;

    internal int Durable
    {
        get
        {
            lock (_gate)
            {
                return _durable;
            }
        }
    }

    internal IReadOnlyList<Exception> Failures
    {
        get
        {
            lock (_gate)
            {
                return [.. _failures];
            }
        }
    }

    internal int AwaitDurable(int count, TimeSpan patience) => Await(() => _durable, count, patience);

    internal int AwaitFailed(int count, TimeSpan patience) => Await(() => _failures.Count, count, patience);

    void ILogCompletion.Durable(LogWrite write, FlushToken token)
    {
        Assert.True(token.Covers(write));
        Note(() => _durable++);
    }

    void ILogCompletion.NoSpace(LogWrite write) => Note(() => _failures.Add(new InvalidOperationException("no space")));

    void ILogCompletion.Failed(LogWrite write, Exception why) => Note(() => _failures.Add(why));

    private void Note(Action action)
    {
        lock (_gate)
        {
            action();
            Monitor.PulseAll(_gate);
        }
    }

    private int Await(Func<int> read, int count, TimeSpan patience)
    {
        lock (_gate)
        {
            while (read() < count && Monitor.Wait(_gate, patience))
            {
            }

            return read();
        }
    }
}
