using Graft.Storage;

namespace Graft;

/// <summary>A log whose disk calls are made in turns of the world that the node lives in.</summary>
/// <remarks>
/// What <see cref="LogWriter"/> is to a real disk, as far as order goes: whatever waits when a turn comes goes into one batch,
/// one write and one flush. The simulated disk takes its time by when the world gives the turn.
/// </remarks>
internal sealed class TurnLogQueue : Actor, ILogQueue
{
    private readonly WriteAheadLog _log;
    private readonly LogWriterOptions _options;
    private readonly RefusedWrites _refused = new();
    private readonly Lock _gate = new();
    private List<(LogWrite Write, ILogCompletion Completion)> _queue = [];
    private List<(LogWrite Write, ILogCompletion Completion)> _batch = [];
    private bool _hasFailed;

    internal TurnLogQueue(WriteAheadLog log, LogWriterOptions options, NodeScheduler scheduler, INodeFailure failure)
        : base(scheduler, failure) => (_log, _options) = (log, options);

    public long Flushes { get; private set; }

    public void Submit(LogWrite write, ILogCompletion completion)
    {
        lock (_gate)
        {
            _queue.Add((write, completion));
        }

        Ask();
    }

    public void Dispose()
    {
        if (_hasFailed)
        {
            _log.Dispose();
            return;
        }

        RunTurn();
        _log.Close();
    }

    private protected override void RunTurn()
    {
        lock (_gate)
        {
            (_queue, _batch) = (_batch, _queue);
        }

        int told = 0;
        try
        {
            for (int next = 0; next < _batch.Count;)
            {
                (LogWrite write, ILogCompletion completion) = _batch[next];
                bool isHeld = _refused.MustWait(write);
                StageOutcome outcome = isHeld ? StageOutcome.NoSpace : _log.Stage(write);
                if (outcome == StageOutcome.BatchFull)
                {
                    Flush(ref told, next);
                    continue;
                }

                if (outcome == StageOutcome.NoSpace)
                {
                    if (!isHeld)
                    {
                        _refused.Note(write);
                    }

                    Flush(ref told, next);
                    completion.NoSpace(write);
                    told = next + 1;
                }

                next++;
            }

            Flush(ref told, _batch.Count);
            _log.Maintain();
        }
        catch (StorageFailedException failure)
        {
            for (; told < _batch.Count; told++)
            {
                _batch[told].Completion.Failed(_batch[told].Write, failure);
            }

            if (!_hasFailed)
            {
                _hasFailed = true;
                _options.OnFailed?.Invoke(failure);
            }
        }

        _batch.Clear();
    }

    private void Flush(ref int told, int end)
    {
        if (!_log.HasStaged)
        {
            return;
        }

        long before = _log.WrittenBytes;
        long begun = _options.Watch?.Begin() ?? 0;
        _log.Write();
        FlushToken token = _log.Flush();
        Flushes++;
        _options.Watch?.End(begun, _log.WrittenBytes - before, end - told, _batch[told..end].Sum(static each => each.Write.Count));
        for (; told < end; told++)
        {
            _batch[told].Completion.Durable(_batch[told].Write, token);
        }
    }
}
