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

    private void SubmitCommitted()
    {
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
            _freeLoads.Push(load);
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
        _applier.Submit(work);
    }

    private ApplyWork RentWork() => _freeWorks.TryPop(out ApplyWork? work) ? work : new ApplyWork();

    private void TakeApplied(Instant now)
    {
        foreach (ApplyWork work in _inputs.Applied)
        {
            _worksDone = work.Number;
            _applied = LogIndex.Max(_applied, work.Last);
            Decide(work);
            _appliedBytes += work.Bytes;
            FollowSessionClock(work.SessionClock, now);
            if (work.Load is { } load)
            {
                work.Load = null;
                _freeLoads.Push(load);
            }

            work.Clear();
            _freeWorks.Push(work);
        }

        if (_inputs.Applied.Count > 0)
        {
            ReleaseReads();
            ConsiderSnapshot();
        }
    }

    // A leader that began before it had replayed its log measures from where the log's clock stands, once it knows.
    private void FollowSessionClock(long clock, Instant now)
    {
        _sessionClock = clock;
        if (_core.Role == Role.Leader && clock > SessionNow(now))
        {
            _sessionBase += clock - SessionNow(now);
        }
    }

    // The node keeps its vote and its log, for the others' sake; it can't serve, so it doesn't lead.
    private void OnHalted(ApplyHaltedException why, Instant now)
    {
        _halted = why;
        Volatile.Write(ref _view, _view with { Halted = why });
        while (_waiting.TryDequeue(out PendingRead? read, out _))
        {
            read.TryFail(new ReadFailedException(RejectReason.ApplyHalted, why.Message));
        }

        EndAllWrites(
            appended: write => new UnknownOutcomeException($"{why.Message} Whether {write.Entry} is committed, another node can tell.", write.Id),
            other: _ => new RejectedException(RejectReason.ApplyHalted, why.Message));
        if (_core.Role == Role.Leader)
        {
            _core.TransferLeadership(null, _settings.DefaultTimeout, now);
        }

        _services.Failure.ReportHalted(why);
    }
}
