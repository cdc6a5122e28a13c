using System.Buffers.Binary;
using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>Feeds one group's state machine, apart from everything that keeps the group alive.</summary>
/// <remarks>
/// One loop, one thing at a time, in the order in which it was asked: a slow command delays what is behind it and no heartbeat.
/// A state machine that throws ends the loop, and nothing is ever skipped: what it didn't apply, it may apply after a restart.
/// One that keeps its state on disk commits at the end of each work, before anybody hears of it.
/// </remarks>
internal sealed class Applier : IDeadline
{
    // A state that is rebuilt from snapshots asks nothing of the log behind them.
    private static readonly LogIndex Always = new(ulong.MaxValue);

    private readonly MachineContext _context;
    private readonly IStateMachine _machine;
    private readonly IDiskStateMachine? _disk;
    private readonly StateRows? _rows;
    private readonly IApplierHost _host;
    private readonly AsyncSignal _signal = new();
    private readonly Lock _gate = new();
    private readonly CommandBatch _batch = new();
    private readonly List<(int Position, ulong Session, ulong Sequence)> _staged = [];
    private readonly HashSet<(ulong Session, ulong Sequence)> _numbered = [];
    private readonly Queue<object> _queue = new();
    private readonly DeadlineQueue? _deadlines;
    private readonly List<Task> _answering = [];
    private readonly List<PendingRead> _asked = [];
    private IMachineStart? _starting;
    private bool _isStopping;
    private bool _isOver;
    private bool _hasNoDigest;

    internal Applier(MachineContext context, IStateMachine machine, IApplierHost host, DeadlineQueue? deadlines = null)
    {
        (_context, _machine, _host, _deadlines) = (context, machine, host, deadlines);
        _disk = machine as IDiskStateMachine;
        _starting = machine as IMachineStart;
        _rows = _disk is null ? null : new StateRows(State, context);
    }

    Instant IDeadline.QueuedFor { get; set; } = Instant.Never;

    /// <summary>Whether the state can be compared with that of other nodes.</summary>
    internal bool HasDigest => _machine is IDigest && !Volatile.Read(ref _hasNoDigest);

    /// <summary>Was applied by an earlier process: what it had to say of its state then, it has said.</summary>
    internal LogIndex ReplayedThrough { get; init; }

    /// <summary>Whether the state outlives the process: it has to be opened first, and a snapshot isn't restored at each start.</summary>
    internal bool IsOnDisk => _disk is not null;

    /// <summary>Sessions and addresses. The loop's own; others look only before it starts.</summary>
    internal GroupState State { get; } = new();

    /// <summary>The last entry applied.</summary>
    internal EntryId Applied { get; private set; }

    /// <summary>Ends once the loop has; never faulted.</summary>
    internal Task Completion { get; private set; } = Task.CompletedTask;

    internal void Start() => Completion = RunAsync();

    /// <summary>Opens a state that lies on disk. Before anything else.</summary>
    internal void Open() => Enqueue(OpenRequest.Instance);

    internal void Submit(ApplyWork work) => Enqueue(work);

    /// <summary>Asks the state machine, once everything submitted so far is applied.</summary>
    internal void Submit(PendingRead read)
    {
        Enqueue(read);
        _deadlines?.Set(this, read.Deadline);
    }

    // A state machine that takes its time lets its askers go at theirs.
    void IDeadline.OnDeadline()
    {
        Instant next = Instant.Never;
        lock (_gate)
        {
            foreach (object request in _queue)
            {
                next = Instant.Earlier(next, Expire(request as PendingRead));
            }

            foreach (PendingRead read in _asked)
            {
                next = Instant.Earlier(next, Expire(read));
            }
        }

        if (next != Instant.Never)
        {
            _deadlines!.Set(this, next);
        }
    }

    private Instant Expire(PendingRead? read)
    {
        if (read is null || read.IsEnded || _deadlines!.Now < read.Deadline)
        {
            return read is null || read.IsEnded ? Instant.Never : read.Deadline;
        }

        read.TryFail(new ReadFailedException(RejectReason.TimedOut, $"The state machine of {_context.Group} didn't answer in time."));
        return Instant.Never;
    }

    /// <summary>Captures the state after everything submitted so far.</summary>
    internal void Capture() => Enqueue(CaptureRequest.Instance);

    /// <summary>Replaces the state by a snapshot's, after everything submitted so far.</summary>
    internal void Submit(RestoreRequest restore) => Enqueue(restore);

    /// <summary>Applies nothing more, after everything submitted so far.</summary>
    internal void Halt(ApplyHaltedException why) => Enqueue(why);

    internal void Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
        }

        _signal.Set();
    }

    private void Enqueue(object request)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                (request as PendingRead)?.TryFail(new ReadFailedException(RejectReason.Stopping, $"{_context.Group} has stopped."));
                return;
            }

            _queue.Enqueue(request);
        }

        _signal.Set();
    }

    // The loop is about to end: what comes from here on is answered where it comes in.
    private void Close(RejectReason reason, string message)
    {
        lock (_gate)
        {
            _isOver = true;
        }

        EndReads(reason, message);
    }

    private StatePosition Position => new(Applied, _disk?.Durable ?? Always, State.Sessions.Clock);

    private async Task RunAsync()
    {
        await ServeAllAsync();
        foreach (Task answering in _answering)
        {
            await answering;
        }

        try
        {
            // The node had it made, so the node ends it.
            if (_machine is IAsyncDisposable waiting)
            {
                await waiting.DisposeAsync();
            }
            else
            {
                (_machine as IDisposable)?.Dispose();
            }
        }
#pragma warning disable CA1031 // It's over in any case, and the log has all that it was told.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            _host.Noted($"The state machine didn't end in order. {failure.Message}");
        }
    }

    private async Task ServeAllAsync()
    {
        while (true)
        {
            object? request = Next(out bool isStopping);
            if (isStopping)
            {
                Close(RejectReason.Stopping, $"{_context.Group} is stopping.");
                return;
            }

            if (request is null)
            {
                await _signal.WaitAsync();
                continue;
            }

            try
            {
                if (_starting is { } starting)
                {
                    _starting = null;
                    await starting.StartAsync(_context);
                }

                await ServeAsync(request);
            }
            catch (InvariantViolationException bug)
            {
                _host.ApplierFailed(bug);
                Close(RejectReason.Stopping, $"This node has failed: {bug.Message}");
                return;
            }
#pragma warning disable CA1031 // Whatever the application throws ends here, in one place, loudly.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                ApplyHaltedException halted = failure as ApplyHaltedException
                    ?? new ApplyHaltedException(_context.Group, Applied.Index.Next, $"{_machine}", UnderWay(), failure);
                _host.ApplyHalted(halted);
                await RefuseAsync(halted);
                return;
            }
        }
    }

    // What the state machine was given when it failed: it knows best which of them it was.
    private string UnderWay() => _batch.Count switch
    {
        0 => "",
        1 => $" at entry {_batch.At(0).Index}",
        _ => $" in entries {_batch.At(0).Index} to {_batch.At(_batch.Count - 1).Index}",
    };

    private object? Next(out bool isStopping)
    {
        lock (_gate)
        {
            isStopping = _isStopping;
            return !isStopping && _queue.TryDequeue(out object? request) ? request : null;
        }
    }

    private async ValueTask ServeAsync(object request)
    {
        switch (request)
        {
            case ApplyWork work:
                await ApplyAsync(work);
                _host.Applied(work);
                break;
            case PendingRead read when _disk is { QueriesRunBeside: true } && read.Visit is null:
                _answering.RemoveAll(static answering => answering.IsCompleted);
                _answering.Add(AnswerBesideAsync(read));
                break;
            case PendingRead read:
                await AnswerAsync(read);
                break;
            case RestoreRequest restore:
                await RestoreAsync(restore);
                _host.Restored(restore.Last, Position);
                break;
            case OpenRequest:
                Applied = _rows!.Load(await _disk!.OpenAsync(_context));
                State.Sessions.Rows = _rows;
                TellAddresses();
                _host.Opened(Position);
                break;
            case ApplyHaltedException why:
                throw why;
            default:
                await CaptureAsync();
                break;
        }
    }

    private async ValueTask CaptureAsync()
    {
        if (_disk is { } disk)
        {
            await disk.CheckpointAsync();
        }

        IStateImage image;
        try
        {
            image = await _machine.CaptureAsync();
        }
        catch (NotSupportedException refusal)
        {
            _host.CaptureRefused(refusal);
            return;
        }

        _host.Captured(new CapturedState(Position, State.Encode(), image));
    }

    // A halted group still answers: that it has halted.
    private async ValueTask RefuseAsync(ApplyHaltedException halted)
    {
        while (true)
        {
            EndReads(RejectReason.ApplyHalted, halted.Message);
            if (_isStopping)
            {
                Close(RejectReason.Stopping, $"{_context.Group} is stopping.");
                return;
            }

            await _signal.WaitAsync();
        }
    }

    private void EndReads(RejectReason reason, string message)
    {
        lock (_gate)
        {
            while (_queue.TryDequeue(out object? request))
            {
                (request as PendingRead)?.TryFail(new ReadFailedException(reason, message));
                (request as RestoreRequest)?.Content.Dispose();
            }
        }
    }

    private async Task AnswerBesideAsync(PendingRead read)
    {
        try
        {
            await AnswerAsync(read);
        }
        catch (InvariantViolationException bug)
        {
            _host.ApplierFailed(bug);
        }
    }

    private async ValueTask AnswerAsync(PendingRead read)
    {
        if (read.IsEnded)
        {
            return;
        }

        // Before it's asked: others may be applied while it answers.
        LogIndex applied = Applied.Index;
        lock (_gate)
        {
            _asked.Add(read);
        }

        try
        {
            read.Visit?.Invoke(_machine);
            ReadOnlyMemory<byte> answer = read.Query is { } query ? await _machine.QueryAsync(query, read.Cancellation) : default;
            read.TryComplete(applied, answer);
        }
        catch (OperationCanceledException given)
        {
            read.TryFail(given);
        }
        catch (Exception refusal) when (refusal is not InvariantViolationException)
        {
            // A question changes nothing, so one that fails concerns its asker alone.
            read.TryFail(new QueryFailedException(refusal));
        }
        finally
        {
            lock (_gate)
            {
                _asked.Remove(read);
            }
        }
    }

    private async ValueTask RestoreAsync(RestoreRequest restore)
    {
        using (restore.Content)
        {
            if (restore.Last.Index <= Applied.Index)
            {
                // The disk was further than the log knew when it asked for this.
                return;
            }

            State.Restore(restore.Content);
            await _machine.RestoreAsync(restore.Content);
        }

        if (_disk is { } disk)
        {
            await disk.CommitAsync(_rows!.TakeAll(restore.Last));
        }

        TellAddresses();
        Applied = restore.Last;
    }

    private void TellAddresses()
    {
        foreach ((NodeId node, string address) in State.Addresses.Addresses)
        {
            _host.AddressNoted(node, address);
        }
    }

    private async ValueTask ApplyAsync(ApplyWork work)
    {
        LogIndex first = Applied.Index.Next;
        foreach (StoredEntry entry in work.Entries)
        {
            Invariant.Check(entry.Id.Index == first + (ulong)work.Outcomes.Count, entry.Id, Applied);
            if (entry.Kind != EntryKind.Command || entry.IsHeaderOnly)
            {
                // A witness has no commands: it counts what is committed, and no state machine of its own goes with it.
                work.Outcomes.Add(new EntryOutcome(entry.Id, RejectReason.None, entry.Id.Index, default));
                continue;
            }

            if (!EntryEnvelope.TryRead(entry.Payload, out EntryEnvelope envelope, out ReadOnlyMemory<byte> command))
            {
                // It passed its checksum, so every node has these bytes: a version that isn't ours wrote them.
                throw new InvalidDataException($"Entry {entry.Id} was written by a newer program; this one can't apply it. Update this node.");
            }

            bool standsAlone = _disk is { } disk && envelope.Form == WriteForm.Command && disk.StandsAlone(command);
            if (standsAlone && work.Outcomes.Count > 0)
            {
                await CommitAsync(work, work.Entries[work.Outcomes.Count - 1].Id);
            }

            if (envelope.Form != WriteForm.Command || _numbered.Contains((envelope.Session, envelope.Sequence)))
            {
                // The answer that it repeats, or the state that it looks at, still lies in the batch.
                await FlushAsync(work);
            }

            work.HasCommands |= envelope.Form == WriteForm.Command;
            Stage(work, entry.Id, envelope, command);
            if (entry.Id.Index.Value % SessionTable.PruneEvery == 0)
            {
                await FlushAsync(work);
                State.Sessions.Prune();
            }

            if (standsAlone)
            {
                await CommitAsync(work, entry.Id);
            }

            if (envelope.Form == WriteForm.CompareStates && entry.Id.Index > ReplayedThrough && HasDigest)
            {
                await CommitAsync(work, entry.Id);
                await DigestAsync(entry.Id.Index);
            }
        }

        await CommitAsync(work, work.Entries[^1].Id);
        work.Reached = Position;
    }

    private async ValueTask DigestAsync(LogIndex entry)
    {
        if (await ((IDigest)_machine).BeginDigestAsync() is { } digest)
        {
            _host.DigestBegun(entry, digest);
        }
        else
        {
            Volatile.Write(ref _hasNoDigest, true);
        }
    }

    private async ValueTask CommitAsync(ApplyWork work, EntryId last)
    {
        await FlushAsync(work);
        if (_disk is { } disk && last != Applied)
        {
            await disk.CommitAsync(_rows!.TakeChanges(last));
        }

        Applied = last;
    }

    private void Stage(ApplyWork work, EntryId entry, in EntryEnvelope envelope, ReadOnlyMemory<byte> command)
    {
        DateTimeOffset time = State.Advance(envelope.WallTicks);
        var outcome = new EntryOutcome(entry, RejectReason.None, entry.Index, default);
        switch (envelope.Form)
        {
            case WriteForm.Command when envelope.Session == 0:
                _staged.Add((work.Outcomes.Count, 0, 0));
                _batch.Add(command, new AppliedAt(entry.Index, time, envelope.Seed));
                break;
            case WriteForm.Command:
                SessionVerdict verdict = State.Sessions.Judge(entry.Index, envelope, out SessionAnswer earlier);
                if (verdict == SessionVerdict.Apply)
                {
                    _numbered.Add((envelope.Session, envelope.Sequence));
                    _staged.Add((work.Outcomes.Count, envelope.Session, envelope.Sequence));
                    _batch.Add(command, new AppliedAt(entry.Index, time, envelope.Seed));
                }
                else
                {
                    outcome = OutcomeOf(entry, verdict, earlier);
                }

                break;
            case WriteForm.OpenSession:
                State.Sessions.Open(entry.Index, envelope.SessionTicks, LifetimeIn(command.Span));
                break;
            case WriteForm.CloseSession:
                State.Sessions.Close(envelope.Session, envelope.SessionTicks);
                break;
            case WriteForm.KeepAlive:
                outcome = State.Sessions.Touch(envelope) ? outcome : outcome with { Refusal = RejectReason.SessionExpired };
                break;
            case WriteForm.Fence:
                // From here on the log says what became of the number, and nothing that is still on its way can change it.
                outcome = OutcomeOf(entry, State.Sessions.Judge(entry.Index, envelope, out SessionAnswer fenced), fenced);
                break;
            case WriteForm.CompareStates:
                break;
            case WriteForm.ReportDigest:
                if (!DigestReport.TryRead(command.Span, out DigestReport report))
                {
                    outcome = outcome with { Refusal = RejectReason.Malformed };
                }
                else if (entry.Index > ReplayedThrough)
                {
                    _host.DigestReported(report);
                }

                break;
            default:
                if (State.Addresses.TryNote(command.Span, out NodeId node, out string address))
                {
                    _rows?.Note(new StateKey(StateRowKind.Address, node.Value));
                    _host.AddressNoted(node, address);
                }
                else
                {
                    outcome = outcome with { Refusal = RejectReason.Malformed };
                }

                break;
        }

        work.Outcomes.Add(outcome);
    }

    private static EntryOutcome OutcomeOf(EntryId entry, SessionVerdict verdict, in SessionAnswer earlier) => verdict switch
    {
        SessionVerdict.Answered => new EntryOutcome(entry, RejectReason.None, earlier.Index, earlier.Answer),
        SessionVerdict.Forgotten => new EntryOutcome(entry, RejectReason.AnswerForgotten, entry.Index, default),
        SessionVerdict.Fenced => new EntryOutcome(entry, RejectReason.Fenced, entry.Index, default),
        _ => new EntryOutcome(entry, RejectReason.SessionExpired, entry.Index, default),
    };

    private async ValueTask FlushAsync(ApplyWork work)
    {
        if (_batch.Count == 0)
        {
            return;
        }

        await _machine.ApplyAsync(_batch);
        for (int i = 0; i < _batch.Count; i++)
        {
            (int position, ulong session, ulong sequence) = _staged[i];
            EntryOutcome outcome = work.Outcomes[position] with { Answer = _batch.AnswerAt(i) };
            work.Outcomes[position] = outcome;
            if (session != 0)
            {
                State.Sessions.Record(session, sequence, outcome.Answer);
            }
        }

        _batch.Clear();
        _staged.Clear();
        _numbered.Clear();
    }

    private static TimeSpan LifetimeIn(ReadOnlySpan<byte> command) =>
        command.Length == sizeof(long) ? new TimeSpan(Math.Max(0, BinaryPrimitives.ReadInt64LittleEndian(command))) : TimeSpan.Zero;
}
