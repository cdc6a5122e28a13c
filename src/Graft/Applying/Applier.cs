using System.Buffers.Binary;
using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>Feeds one group's state machine, apart from everything that keeps the group alive.</summary>
/// <remarks>
/// One loop, one thing at a time, in the order in which it was asked: a slow command delays what is behind it and no heartbeat.
/// A state machine that throws ends the loop, and nothing is ever skipped: what it didn't apply, it may apply after a restart.
/// </remarks>
internal sealed class Applier : IDeadline
{
    private readonly GroupId _group;
    private readonly IStateMachine _machine;
    private readonly IApplierHost _host;
    private readonly Signal _signal = new();
    private readonly Lock _gate = new();
    private readonly CommandBatch _batch = new();
    private readonly List<(int Position, ulong Session, ulong Sequence)> _staged = [];
    private readonly HashSet<(ulong Session, ulong Sequence)> _numbered = [];
    private readonly Queue<object> _queue = new();
    private readonly DeadlineQueue? _deadlines;
    private PendingRead? _answering;
    private bool _isStopping;
    private bool _isOver;

    internal Applier(GroupId group, IStateMachine machine, IApplierHost host, DeadlineQueue? deadlines = null) =>
        (_group, _machine, _host, _deadlines) = (group, machine, host, deadlines);

    Instant IDeadline.QueuedFor { get; set; } = Instant.Never;

    /// <summary>Sessions and addresses. The loop's own; others look only before it starts.</summary>
    internal GroupState State { get; } = new();

    /// <summary>The last entry applied.</summary>
    internal EntryId Applied { get; private set; }

    /// <summary>Ends once the loop has; never faulted.</summary>
    internal Task Completion { get; private set; } = Task.CompletedTask;

    internal void Start() => Completion = RunAsync();

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

            next = Instant.Earlier(next, Expire(_answering));
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

        read.TryFail(new ReadFailedException(RejectReason.TimedOut, $"The state machine of {_group} didn't answer in time."));
        return Instant.Never;
    }

    /// <summary>Captures the state after everything submitted so far.</summary>
    internal void Capture() => Enqueue(CaptureRequest.Instance);

    /// <summary>Replaces the state by a snapshot's, after everything submitted so far.</summary>
    internal void Submit(RestoreRequest restore) => Enqueue(restore);

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
                (request as PendingRead)?.TryFail(new ReadFailedException(RejectReason.Stopping, $"{_group} has stopped."));
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

    private async Task RunAsync()
    {
        while (true)
        {
            object? request = Next(out bool isStopping);
            if (isStopping)
            {
                Close(RejectReason.Stopping, $"{_group} is stopping.");
                return;
            }

            if (request is null)
            {
                await _signal.WaitAsync();
                continue;
            }

            try
            {
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
                var halted = new ApplyHaltedException(_group, Applied.Index.Next, failure);
                _host.ApplyHalted(halted);
                await RefuseAsync(halted);
                return;
            }
        }
    }

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
            case PendingRead read:
                await AnswerAsync(read);
                break;
            case RestoreRequest restore:
                await RestoreAsync(restore);
                _host.Restored(restore.Last, State.Sessions.Clock);
                break;
            default:
                IStateImage image = await _machine.CaptureAsync();
                _host.Captured(new CapturedState(Applied, State.Encode(), image));
                break;
        }
    }

    // A halted group still answers: that it has halted.
    private async ValueTask RefuseAsync(ApplyHaltedException halted)
    {
        while (true)
        {
            EndReads(RejectReason.ApplyHalted, halted.Message);
            if (_isStopping)
            {
                Close(RejectReason.Stopping, $"{_group} is stopping.");
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
            }
        }
    }

    private async ValueTask AnswerAsync(PendingRead read)
    {
        if (read.IsEnded)
        {
            return;
        }

        Volatile.Write(ref _answering, read);
        try
        {
            read.Visit?.Invoke(_machine);
            ReadOnlyMemory<byte> answer = read.Query is { } query ? await _machine.QueryAsync(query, read.Cancellation) : default;
            read.TryComplete(Applied.Index, answer);
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
            Volatile.Write(ref _answering, null);
        }
    }

    private async ValueTask RestoreAsync(RestoreRequest restore)
    {
        using (restore.Content)
        {
            State.Restore(restore.Content);
            await _machine.RestoreAsync(restore.Content);
        }

        foreach ((NodeId node, string address) in State.Addresses.Addresses)
        {
            _host.AddressNoted(node, address);
        }

        Applied = restore.Last;
    }

    private async ValueTask ApplyAsync(ApplyWork work)
    {
        foreach (StoredEntry entry in work.Entries)
        {
            Invariant.Check(entry.Id.Index == Applied.Index.Next + (ulong)work.Outcomes.Count, entry.Id, Applied);
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

            if (envelope.Form != WriteForm.Command || _numbered.Contains((envelope.Session, envelope.Sequence)))
            {
                // The answer that it repeats, or the state that it looks at, still lies in the batch.
                await FlushAsync(work);
            }

            Stage(work, entry.Id, envelope, command);
            if (entry.Id.Index.Value % SessionTable.PruneEvery == 0)
            {
                await FlushAsync(work);
                State.Sessions.Prune();
            }
        }

        await FlushAsync(work);
        Applied = work.Entries[^1].Id;
        work.SessionClock = State.Sessions.Clock;
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
            default:
                if (State.Addresses.TryNote(command.Span, out NodeId node, out string address))
                {
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
