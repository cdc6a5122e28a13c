using System.Runtime.InteropServices;

namespace Graft.Storage;

/// <summary>The thread that a log's disk calls are made on. Whatever waits when a flush ends goes into the next batch together.</summary>
/// <remarks>
/// Nobody is made to wait for company: a write that comes alone is written at once, and while its flush runs the others
/// gather. So batches grow with the load and only then, without a timer. A blocking flush belongs on a thread of its own: on
/// a shared one it would hold up heartbeats (docs/internals/storage-format.md, section 2).
/// </remarks>
public sealed class LogWriter : IDisposable
{
    // Between batches, how much room for the next segment is prepared for each byte written: it is ready before it's needed.
    private const int PreparedPerByte = 2;
    private const int PreparedStep = 1 << 20;

    // As many as are told in the time that it takes to wake another thread: 30 µs, and up to one for each who wakes a thread in turn.
    private const int ToldAtOnce = 32;

    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(1);

    private readonly WriteAheadLog _log;
    private readonly LogWriterOptions _options;
    private readonly Thread _thread;
    private readonly Teller _teller = new();
    private readonly object _gate = new();
    private readonly RefusedWrites _refused = new();

    private List<(LogWrite Write, ILogCompletion Completion)> _queue = [];
    private List<(LogWrite Write, ILogCompletion Completion)> _batch = [];
    private int _staged;
    private int _taken;
    private bool _isStopping;
    private bool _isWaiting;
    private long _toPrepare;
    private long _lastLook;
    private bool _hasFailed;

    /// <summary>Starts the thread.</summary>
    /// <param name="log">The log; from now on this writer's alone, reads excepted.</param>
    /// <param name="options">How it works.</param>
    public LogWriter(WriteAheadLog log, LogWriterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        (_log, _options) = (log, options ?? new LogWriterOptions());
        _thread = new Thread(Run) { IsBackground = true, Name = "graft-log" };
        _thread.UnsafeStart();
    }

    /// <summary>How many flushes have been made for writes; those of marks and of maintenance aren't counted.</summary>
    public long Flushes { get; private set; }

    /// <summary>How many bytes those flushes made durable.</summary>
    public long Bytes { get; private set; }

    /// <summary>Hands a write over. From any thread; the object belongs to the writer until its completion is told.</summary>
    /// <param name="write">What is to be durable. Writes of a group are taken in the order in which they come.</param>
    /// <param name="completion">Told once what became of it, also if the log is over.</param>
    /// <exception cref="ObjectDisposedException">The writer has been stopped. Nothing was taken, and nothing will be told.</exception>
    public void Submit(LogWrite write, ILogCompletion completion)
    {
        ArgumentNullException.ThrowIfNull(write);
        ArgumentNullException.ThrowIfNull(completion);

        // On the caller's thread, beside the flush that runs: on the writer's, everybody would wait for it. What fails here is
        // looked at again there, and answered.
        write.Compare();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopping, this);
            _queue.Add((write, completion));
            if (_isWaiting)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Writes what was submitted, marks the log as closed in order, and ends the thread. It blocks until that is done; a second time does nothing.</summary>
    /// <remarks>Not from a completion, whose thread it would wait for. If the log is over by then, what waits is told that it failed.</remarks>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                return;
            }

            _isStopping = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        _teller.Dispose();
    }

    private void Run()
    {
        while (TakeQueue())
        {
            WriteAll();
            KeepReady();
        }

        try
        {
            _log.Close();
        }
        catch (StorageFailedException failure)
        {
            TellFailed(failure);
            _log.Dispose();
        }
    }

    // False when it is time to end. Nobody waits behind what is done here but who comes in its midst.
    private bool TakeQueue()
    {
        bool isPrepared = false;
        bool isIdle = false;
        while (true)
        {
            lock (_gate)
            {
                if (_queue.Count == 0 && !_isStopping && isPrepared)
                {
                    _isWaiting = true;
                    isIdle = !Monitor.Wait(_gate, _log.WantsMark ? _options.IdleMark : Recheck);
                    _isWaiting = false;
                }

                if (_queue.Count > 0)
                {
                    (_queue, _batch) = (_batch, _queue);
                    return true;
                }

                if (_isStopping)
                {
                    return false;
                }
            }

            isPrepared = !TryPrepare(isIdle);
        }
    }

    // Whether there is more to do of this kind.
    private bool TryPrepare(bool isIdle)
    {
        if (_log.Failure is not null)
        {
            return false;
        }

        try
        {
            if (_log.Maintain())
            {
                return true;
            }

            if (isIdle && _log.WantsMark && _log.StageMark())
            {
                _log.Write();
                _log.Flush();
            }
        }
        catch (StorageFailedException failure)
        {
            TellFailed(failure);
        }

        return false;
    }

    private void WriteAll()
    {
        (_staged, _taken) = (0, 0);
        try
        {
            while (_taken < _batch.Count)
            {
                if (Stage(_batch[_taken].Write, _batch[_taken].Completion))
                {
                    _taken++;
                }
                else
                {
                    Flush();
                }
            }

            Flush();
        }
        catch (StorageFailedException failure)
        {
            FailAll(failure);
        }

        _batch.Clear();
    }

    // False if the batch is full and the write isn't wholly in it.
    private bool Stage(LogWrite write, ILogCompletion completion)
    {
        if (_refused.MustWait(write))
        {
            Drop();
            completion.NoSpace(write);
            return true;
        }

        try
        {
            switch (_log.Stage(write))
            {
                case StageOutcome.BatchFull:
                    return false;
                case StageOutcome.NoSpace:
                    Drop();
                    _refused.Note(write);
                    completion.NoSpace(write);
                    return true;
                default:
                    return true;
            }
        }
        catch (Exception mistake) when (mistake is ArgumentException or StorageRefusedException)
        {
            Drop();
            completion.Failed(write, mistake);
            return true;
        }
    }

    // It is answered already: nothing is to be told of it after the flush.
    private void Drop() => _batch[_taken] = default;

    private void Flush()
    {
        if (!_log.HasStaged)
        {
            return;
        }

        _toPrepare += (long)_log.StagedBytes * PreparedPerByte;
        long before = _log.WrittenBytes;
        long begun = _options.Watch?.Begin() ?? 0;
        _log.Write();
        FlushToken token = _log.Flush();
        Flushes++;
        Bytes += _log.WrittenBytes - before;
        _options.Watch?.End(begun, _log.WrittenBytes - before, _taken - _staged, CountEntries());

        // Nobody else may be waiting: those that answer at once keep the disk busy while the others are told.
        int atOnce = _teller.IsIdle ? Math.Min(_taken, _staged + ToldAtOnce) : _staged;
        for (; _staged < atOnce; _staged++)
        {
            (LogWrite write, ILogCompletion completion) = _batch[_staged];
            completion?.Durable(write, token);
        }

        if (_staged < _taken)
        {
            _teller.Tell(CollectionsMarshal.AsSpan(_batch)[_staged.._taken], token);
            _staged = _taken;
        }
    }

    // Before anybody is told: whoever is may use the write again at once.
    private int CountEntries()
    {
        int entries = 0;
        foreach ((LogWrite? write, ILogCompletion _) in CollectionsMarshal.AsSpan(_batch)[_staged.._taken])
        {
            entries += write?.Count ?? 0;
        }

        return entries;
    }

    // The log that is never idle keeps ready too, and one that refuses looks now and then whether there is space again.
    private void KeepReady()
    {
        long now = Environment.TickCount64;
        if (_log.IsOnReserve && now - _lastLook > Recheck.TotalMilliseconds)
        {
            _lastLook = now;
            _toPrepare = Math.Max(_toPrepare, PreparedStep);
        }

        for (; _toPrepare >= PreparedStep; _toPrepare -= PreparedStep)
        {
            if (!TryPrepare(isIdle: false))
            {
                _toPrepare = 0;
                return;
            }
        }
    }

    private void FailAll(StorageFailedException failure)
    {
        _teller.Drain();
        for (; _staged < _batch.Count; _staged++)
        {
            (LogWrite write, ILogCompletion completion) = _batch[_staged];
            completion?.Failed(write, failure);
        }

        TellFailed(failure);
    }

    private void TellFailed(StorageFailedException failure)
    {
        if (!_hasFailed)
        {
            _hasFailed = true;
            _options.OnFailed?.Invoke(failure);
        }
    }
}
