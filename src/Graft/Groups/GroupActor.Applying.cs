using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <content>Committed entries on their way to the state machine.</content>
internal sealed partial class GroupActor
{
    // One being applied and one behind it: the state machine never waits for a turn, and nothing piles up in front of it.
    private const int WorksUnderWay = 2;

    private readonly Stack<ApplyWork> _freeWorks = new();
    private LogIndex _committed;
    private LogIndex _submitted;
    private LogIndex _applied;
    private ulong _workNumber;
    private ulong _worksDone;
    private bool _isReplaying;
    private bool _isRestoring;
    private long _sessionClock;
    private ApplyHaltedException? _halted;

    // The log isn't cut above this, though a snapshot covers it: a disk state machine may fall back to here.
    private LogIndex _stateDurable;

    // What a disk held when it was opened, until the log is known to have the same there.
    private EntryId _opened;

    void IApplierHost.Applied(ApplyWork work)
    {
        lock (_gate)
        {
            _incoming.Applied.Add(work);
        }

        Ask();
    }

    void IApplierHost.ApplyHalted(ApplyHaltedException why) => Tell(now => OnHalted(why, now));

    void IApplierHost.ApplierFailed(Exception bug)
    {
        _services.Failure.Report(_applier, bug);
        Tell(_ => OnFailed(bug));
    }

    void IApplierHost.Noted(string text) => Note(text);

    void IApplierHost.Opened(StatePosition position) => Tell(_ => OnOpened(position));

    private void OnOpened(StatePosition position)
    {
        _opened = position.Applied;
        Reach(position);
        if (_installing != EntryId.Zero)
        {
            // A snapshot has come meanwhile, and is behind this in the same queue.
            return;
        }

        if (position.Applied.Index < _core.Log.Base.Index)
        {
            // The log can't bring it from there to here any more: a restore that a crash cut short, or a state that was lost.
            Invariant.Check(_stored != EntryId.Zero, position.Applied, _core.Log.Base);
            RestoreFrom(_stored);
            return;
        }

        _isRestoring = false;
        _submitted = position.Applied.Index;
        ReleaseReads();
        BeginSnapshotIfWanted();
    }

    private void Reach(StatePosition position)
    {
        _applied = LogIndex.Max(_applied, position.Applied.Index);
        _stateDurable = position.Durable;
        _sessionClock = Math.Max(_sessionClock, position.SessionClock);
    }

    // Entries up to there are passed over, so they had better be those of this log.
    private void CheckOpened()
    {
        if (_opened == EntryId.Zero || _committed < _opened.Index)
        {
            return;
        }

        if (_opened.Index >= _core.Log.Base.Index && !_core.Log.Contains(_opened))
        {
            _applier.Halt(new ApplyHaltedException(
                _id,
                _opened.Index.Next,
                $"Its state machine's disk has applied {_opened}, and the log has another entry there: the two don't belong together. "
                + "Restore both from the same time, or empty both directories and add the node anew."));
        }

        _opened = EntryId.Zero;
    }

    private void SubmitCommitted()
    {
        CheckOpened();
        while (_submitted < _committed && _workNumber - _worksDone < WorksUnderWay && !_isReplaying && !_isRestoring && _halted is null)
        {
            if (_submitted < _tail.Start)
            {
                // After a restart, or after a state machine that was slow: from the log.
                _isReplaying = true;
                Load(null, _submitted.Next, LogIndex.Min(_committed, _tail.Start));
                return;
            }

            ApplyWork work = RentWork();
            long bytes = 0;
            while (_submitted < _committed && bytes < _settings.ApplyBytesMax && _tail.TryGet(_submitted.Next, out StoredEntry entry))
            {
                work.Entries.Add(entry);
                bytes += entry.Payload.Length + 1;
                _submitted = entry.Id.Index;
            }

            SubmitWork(work);
        }
    }

    private void ApplyLoaded(EntryLoad load)
    {
        if (load.First != _submitted.Next)
        {
            // A snapshot has overtaken it, and the log may have let go of what was asked for.
            _services.Loads.Return(load);
            return;
        }

        if (load.Outcome != LogReadOutcome.Read)
        {
            // The node ends by it. Until then, asked again, it would be told the same as fast as a disk can.
            _isReplaying = true;
            _services.Failure.ReportDamage(_id, load.First, load.Last);
            return;
        }

        ApplyWork work = RentWork();
        foreach (StoredEntry entry in load.Buffer.Entries)
        {
            Invariant.Check(_core.Log.Contains(entry.Id), entry.Id, _committed);
            work.Entries.Add(entry);
            _submitted = entry.Id.Index;
        }

        work.Load = load;
        SubmitWork(work);
    }

    private void SubmitWork(ApplyWork work)
    {
        Invariant.Check(work.Entries.Count > 0, _submitted, _committed);
        work.Number = ++_workNumber;
        Meters.Begin(work);
        _applier.Submit(work);
    }

    private ApplyWork RentWork() => _freeWorks.TryPop(out ApplyWork? work) ? work : new ApplyWork();

    private void TakeApplied(Instant now)
    {
        LogIndex durable = _stateDurable;
        foreach (ApplyWork work in _inputs.Applied)
        {
            _worksDone = work.Number;
            NoteApplied(work);
            Reach(work.Reached);
            Decide(work);
            _hasUncompared |= work.HasCommands;
            _appliedBytes += work.Bytes;
            if (work.Load is { } load)
            {
                work.Load = null;
                _services.Loads.Return(load);
            }

            work.Clear();
            _freeWorks.Push(work);
        }

        if (_inputs.Applied.Count > 0)
        {
            ReleaseReads();
            if (_stateDurable > durable)
            {
                CompactBehindState(now);
            }

            ConsiderSnapshot();
        }
    }

    // The node keeps its vote and its log, for the others' sake; it can't serve, so it doesn't lead.
    private void OnHalted(ApplyHaltedException why, Instant now)
    {
        _halted = why;
        EndSnapshot(EntryId.Zero, why);
        Volatile.Write(ref _view, _view with { Halted = why });
        while (_waiting.TryDequeue(out PendingRead? read, out _))
        {
            read.TryFail(new ReadFailedException(RejectReason.ApplyHalted, why.Message));
        }

        EndAllWrites(
            appended: write => new UnknownOutcomeException($"{why.Message} Whether {write.Entry} is committed, another node can tell.", write.Id),
            other: _ => new RejectedException(RejectReason.ApplyHalted, why.Message));
        _deferAt = now;
        _services.Failure.ReportHalted(why);
    }
}
