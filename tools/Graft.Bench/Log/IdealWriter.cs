using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>
/// What a log costs that does nothing but write and flush as many bytes as ours does, and tell those that wait: the bound for any
/// log with the same two threads and the same appenders on this machine.
/// </summary>
internal sealed class IdealWriter : IDisposable
{
    private readonly RawLoop _loop;
    private readonly byte[] _bytes = new byte[8 << 20];
    private readonly object _gate = new();
    private readonly object _tellGate = new();
    private readonly Thread _writer;
    private readonly Thread _teller;
    private List<(LogWrite Write, ILogCompletion Completion)> _queue = [];
    private List<(LogWrite Write, ILogCompletion Completion)> _batch = [];
    private List<(LogWrite Write, ILogCompletion Completion)> _durable = [];
    private List<(LogWrite Write, ILogCompletion Completion)> _telling = [];
    private bool _isStopping;
    private bool _isOver;

    internal IdealWriter(RawLoop loop)
    {
        _loop = loop;
        _writer = new Thread(Write) { IsBackground = true, Name = "ideal" };
        _teller = new Thread(Tell) { IsBackground = true, Name = "ideal-teller" };
        _writer.Start();
        _teller.Start();
    }

    /// <summary>What a write takes on disk, on average.</summary>
    internal double BytesPerEntry { get; set; } = 1;

    internal long Flushes { get; private set; }

    internal long Bytes { get; private set; }

    internal void Submit(LogWrite write, ILogCompletion completion)
    {
        lock (_gate)
        {
            _queue.Add((write, completion));
            Monitor.Pulse(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.Pulse(_gate);
        }

        _writer.Join();
        _teller.Join();
    }

    private void Write()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_queue.Count == 0 && !_isStopping)
                {
                    Monitor.Wait(_gate);
                }

                if (_queue.Count == 0)
                {
                    break;
                }

                (_queue, _batch) = (_batch, _queue);
            }

            int bytes = (int)Math.Min(_bytes.Length, _batch.Count * BytesPerEntry);
            _loop.Append(_bytes.AsSpan(0, bytes));
            Flushes++;
            Bytes += bytes;
            lock (_tellGate)
            {
                _durable.AddRange(_batch);
                Monitor.Pulse(_tellGate);
            }

            _batch.Clear();
        }

        lock (_tellGate)
        {
            _isOver = true;
            Monitor.Pulse(_tellGate);
        }
    }

    private void Tell()
    {
        while (true)
        {
            lock (_tellGate)
            {
                while (_durable.Count == 0 && !_isOver)
                {
                    Monitor.Wait(_tellGate);
                }

                if (_durable.Count == 0)
                {
                    return;
                }

                (_durable, _telling) = (_telling, _durable);
            }

            foreach ((LogWrite write, ILogCompletion completion) in _telling)
            {
                completion.Durable(write, default);
            }

            _telling.Clear();
        }
    }
}
