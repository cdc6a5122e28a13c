using System.Runtime.InteropServices;
using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <content>Commands on their way into the log, and their callers.</content>
internal sealed partial class GroupActor
{
    // As many entries go into one proposal as a core takes without keeping anybody else waiting.
    private const int ProposedAtOnce = 1024;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(50);

    private readonly PendingWritePool _pendingWrites = new();
    private readonly List<PendingWrite> _proposed = [];
    private readonly List<int> _sizes = [];
    private readonly List<StoredEntry> _born = [];

    // Appended here and not decided yet, in the order of the log.
    private readonly Queue<PendingWrite> _undecided = new();

    // Undecided since an earlier leadership of this node.
    private readonly List<PendingWrite> _orphans = [];

    // Waiting for somebody to lead.
    private readonly List<PendingWrite> _held = [];
    private int _writesTaken;
    private long _queuedBytes;
    private long _undecidedBytes;
    private Instant _nextWriteDeadline = Instant.Never;
    private Instant _leadingSince;
    private long _sessionBase;

    /// <summary>Takes a command for the log.</summary>
    /// <exception cref="RejectedException">It can't even be queued; nothing happened.</exception>
    internal ValueTask<WriteResult> WriteAsync(
        WriteForm form, ReadOnlyMemory<byte> command, in WriteOptions options, CancellationToken cancellation, byte hops = 0)
    {
        if (command.Length > _settings.CommandBytesMax)
        {
            throw new RejectedException(
                RejectReason.TooLarge, $"The command has {command.Length} bytes; {_id} takes up to {_settings.CommandBytesMax}. Split it.");
        }

        // Before its bytes are counted: nobody would take them back.
        cancellation.ThrowIfCancellationRequested();
        ThrowIfOver();
        if (Interlocked.Add(ref _queuedBytes, command.Length + 1) > _settings.QueuedBytesMax)
        {
            Interlocked.Add(ref _queuedBytes, -(command.Length + 1));
            NoteOverload();
            throw new OverloadedException($"{_settings.QueuedBytesMax} bytes of commands wait in {_id} already.", RetryAfter);
        }

        TimeSpan timeout = options.Timeout > TimeSpan.Zero ? options.Timeout : _settings.DefaultTimeout;
        PendingWrite write = _pendingWrites.Rent();

        // Whoever cancels may use the bytes again at once, while this actor writes them into the log.
        ReadOnlyMemory<byte> kept = cancellation.CanBeCanceled ? command.ToArray() : command;
        write.Begin(form, kept, options, _services.Clock.Now + timeout, hops);
        Meters.Begin(write);
        ValueTask<WriteResult> task = write.Task;
        write.ListenTo(cancellation);
        Enter(write);
        return task;
    }

    /// <summary>Takes back a write that was to be passed on: this node leads by now.</summary>
    /// <param name="write">The write.</param>
    /// <param name="options">With the number that it was sent under, if it was.</param>
    /// <param name="isInDoubt">Whether somebody may have received it.</param>
    internal void Resubmit(PendingWrite write, in WriteOptions options, bool isInDoubt)
    {
        (write.Options, write.IsInDoubt) = (options, isInDoubt);
        Enter(write);
    }

    private void Enter(PendingWrite write)
    {
        string? over;
        lock (_gate)
        {
            over = _over;
            if (over is null)
            {
                _incoming.Writes.Add(write);
            }
        }

        if (over is null)
        {
            Ask();
        }
        else
        {
            Refuse(write, new RejectedException(RejectReason.Stopping, over));
        }
    }

    /// <summary>A write that was passed on has ended.</summary>
    internal void Passed(PendingWrite write) => Drop(write);

    private void Propose(Instant now)
    {
        if (_inputs.Writes.Count == 0 && _held.Count == 0)
        {
            return;
        }

        if (_core.Role != Role.Leader || _halted is not null)
        {
            PassOnHeld();
            while (_writesTaken < _inputs.Writes.Count)
            {
                HoldOrPassOn(_inputs.Writes[_writesTaken++]);
            }

            return;
        }

        if (_held.Count > 0)
        {
            _inputs.Writes.InsertRange(0, _held);
            _held.Clear();
        }

        while (_writesTaken < _inputs.Writes.Count)
        {
            int count = Math.Min(_inputs.Writes.Count - _writesTaken, ProposedAtOnce);
            ReadOnlySpan<PendingWrite> writes = CollectionsMarshal.AsSpan(_inputs.Writes).Slice(_writesTaken, count);
            _writesTaken += count;
            ProposeSome(writes, now);
        }
    }

    private void ProposeSome(ReadOnlySpan<PendingWrite> writes, Instant now)
    {
        _proposed.Clear();
        _sizes.Clear();
        int bytes = 0;
        foreach (PendingWrite write in writes)
        {
            if (write.IsEnded)
            {
                Drop(write);
                continue;
            }

            _proposed.Add(write);
            _sizes.Add(write.Size);
            bytes += write.Size;
        }

        if (_proposed.Count == 0)
        {
            return;
        }

        if (_undecidedBytes > 0 && _undecidedBytes + bytes > _settings.QueuedBytesMax)
        {
            foreach (PendingWrite write in _proposed)
            {
                Refuse(write, new OverloadedException(
                    $"{_undecidedBytes} bytes of commands to {_id} are in the log and not applied yet: the state machine or the other nodes are slower than the writes.",
                    RetryAfter));
            }

            _proposed.Clear();
            NoteOverload();
            return;
        }

        Proposal proposal = _isDiskFull ? default : _core.Propose(CollectionsMarshal.AsSpan(_sizes), now);
        if (_isDiskFull || !proposal.IsAppended)
        {
            Refuse(proposal.Refusal);
            return;
        }

        PayloadBlock block = PayloadBlock.Rent(_freeBlocks, bytes);
        long wall = TimeForEntries(now);
        long session = SessionNow(now);
        _born.Clear();
        for (int i = 0; i < _proposed.Count; i++)
        {
            PendingWrite write = _proposed[i];
            var entry = new EntryId(proposal.First.Term, proposal.First.Index + (ulong)i);
            _born.Add(StoredEntry.Born(entry, EntryKind.Command, Envelop(write, block, wall, session)));
            Interlocked.Add(ref _queuedBytes, -(write.Command.Length + 1));
            write.TakePlace(entry);
            Meters.Append(write);
            _undecided.Enqueue(write);
            _undecidedBytes += write.PlaceBytes;
            _nextWriteDeadline = Instant.Earlier(_nextWriteDeadline, write.Deadline);
        }

        _tail.Append(CollectionsMarshal.AsSpan(_born), block);
        _proposed.Clear();
    }

    // A leader that began before it had replayed its log measures from where the log's clock stands, once it knows.
    private long SessionNow(Instant now)
    {
        long since = (now - _leadingSince).Ticks;
        _sessionBase = Math.Max(_sessionBase, _sessionClock - since);
        return _sessionBase + since;
    }

    private Memory<byte> Envelop(PendingWrite write, PayloadBlock block, long wall, long session)
    {
        WriteOptions options = write.Options;
        var envelope = new EntryEnvelope(
            write.Form, wall, _random.NextUInt64(), options.Session, options.Sequence, options.AnsweredBelow, session);
        Memory<byte> payload = block.Take(write.Size);
        envelope.Write(write.Command.Span, payload.Span);
        return payload;
    }

    private void HoldOrPassOn(PendingWrite write)
    {
        if (write.IsEnded)
        {
            Drop(write);
        }
        else if (_diskFailure is { } failure)
        {
            Refuse(write, new RejectedException(RejectReason.Stopping, $"The log of this node has failed. {failure.Message}"));
        }
        else if (_halted is { } halted && _core.Role == Role.Leader)
        {
            Refuse(write, new RejectedException(RejectReason.ApplyHalted, halted.Message));
        }
        else if (write.Options.IsLocalOnly && _core.Leader is { } leader)
        {
            Refuse(write, new RejectedException(RejectReason.NotLeader, $"{leader} leads {_id}; the command was to go nowhere else.", leader));
        }
        else if (_core.Leader is { } other && other != _core.Id && _services.Forward is { } forward)
        {
            forward(this, write);
        }
        else if (WhyRemoved is { } removed)
        {
            Refuse(write, removed);
        }
        else
        {
            _held.Add(write);
            _nextWriteDeadline = Instant.Earlier(_nextWriteDeadline, Instant.Earlier(write.Deadline, _services.Clock.Now + PendingRead.SweepInterval));
        }
    }

    // Somebody is known to lead by now.
    private void PassOnHeld()
    {
        if (_held.Count == 0 || _core.Leader is null || _core.Role == Role.Leader)
        {
            return;
        }

        PendingWrite[] held = [.. _held];
        _held.Clear();
        foreach (PendingWrite write in held)
        {
            HoldOrPassOn(write);
        }
    }

    // Nothing of them is in the log.
    private void Refuse(ProposalRefusal refusal)
    {
        foreach (PendingWrite write in _proposed)
        {
            if (_isDiskFull)
            {
                Refuse(write, new RejectedException(
                    RejectReason.DiskFull, $"The disk of {_core.Id}, which leads {_id}, is full. Reads go on; free space, and writes do."));
            }
            else if (refusal is ProposalRefusal.NotLeader or ProposalRefusal.TransferInProgress)
            {
                HoldOrPassOn(write);
            }
            else
            {
                Refuse(write, new OverloadedException($"{_id} holds as many uncommitted entries as it may.", RetryAfter));
            }
        }

        _proposed.Clear();
    }

    private void Refuse(PendingWrite write, Exception why)
    {
        Fail(write, why);
        Drop(write);
    }

    // What this attempt came to isn't the whole answer if an earlier one may have been received elsewhere. A fence is: the log
    // says it of the number, and with it of all attempts.
    private static void Fail(PendingWrite write, Exception why) =>
        write.TryFail(write.IsInDoubt && why is SessionExpiredException or RejectedException { Reason: not RejectReason.Fenced }
            ? new UnknownOutcomeException($"{why.Message} Whether an earlier attempt was committed, nobody said.", write.Id)
            : why);

    // The actor is through with a command that never reached the log.
    private void Drop(PendingWrite write)
    {
        Interlocked.Add(ref _queuedBytes, -(write.Command.Length + 1));
        write.LetGo();
    }

    // An entry is decided when its index is applied: by its own term it was this command, by another it never will be (I07).
    private void Decide(ApplyWork work)
    {
        foreach (EntryOutcome outcome in work.Outcomes)
        {
            while (_undecided.TryPeek(out PendingWrite? write) && write.Entry.Index <= outcome.Entry.Index)
            {
                _undecided.Dequeue();
                _undecidedBytes -= write.PlaceBytes;
                Decide(write, outcome);
            }
        }

        if (_orphans.Count > 0)
        {
            DecideOrphans(work);
        }
    }

    // In a method of its own: what a lambda captures is allocated where its method begins, with orphans or without.
    private void DecideOrphans(ApplyWork work)
    {
        LogIndex first = work.Outcomes[0].Entry.Index;
        _orphans.RemoveAll(write =>
        {
            if (write.Entry.Index > work.Last)
            {
                return false;
            }

            if (write.Entry.Index < first)
            {
                Abandon(write);
            }
            else
            {
                Decide(write, work.Outcomes[(int)(write.Entry.Index - first)]);
            }

            return true;
        });
    }

    private void Decide(PendingWrite write, in EntryOutcome outcome)
    {
        if (write.Entry != outcome.Entry)
        {
            Fail(write, new RejectedException(
                RejectReason.Superseded, $"{outcome.Entry} was committed in the place of {write.Entry}: the command was never carried out.", _core.Leader));
        }
        else if (outcome.Refusal == RejectReason.None)
        {
            write.TryComplete(new WriteResult(outcome.Index, outcome.Answer));
        }
        else
        {
            Fail(write, WhyRefused(write, outcome));
        }

        write.LetGo();
    }

    private Exception WhyRefused(PendingWrite write, in EntryOutcome outcome) => outcome.Refusal switch
    {
        RejectReason.AnswerForgotten => new UnknownOutcomeException(
            $"Session {write.Options.Session} remembers nothing of number {write.Options.Sequence} any more.", write.Id),
        RejectReason.TooLarge => new UnknownOutcomeException(
            $"It was carried out at index {outcome.Index}. Its answer was too large to keep, so nobody can give it again.", write.Id) { IsAnswerLost = true },
        RejectReason.SessionExpired => new SessionExpiredException(write.Id),
        RejectReason.Fenced => new RejectedException(RejectReason.Fenced, $"Number {write.Options.Sequence} was fenced off before it was applied."),
        _ => new RejectedException(outcome.Refusal, $"Entry {outcome.Entry} makes no sense to the group."),
    };

    // A snapshot has replaced the log up to here, and with it what would have said what became of these.
    private void DecideWithoutLog(LogIndex through)
    {
        while (_undecided.TryPeek(out PendingWrite? write) && write.Entry.Index <= through)
        {
            _undecided.Dequeue();
            _undecidedBytes -= write.PlaceBytes;
            Abandon(write);
        }

        _orphans.RemoveAll(write =>
        {
            if (write.Entry.Index > through)
            {
                return false;
            }

            Abandon(write);
            return true;
        });
    }

    private void Abandon(PendingWrite write)
    {
        write.TryFail(new UnknownOutcomeException(
            $"This node took a snapshot in place of the log up to {_applied} and can't tell whether {write.Entry} was committed.", write.Id));
        write.LetGo();
    }

    // A new leadership appends from lower indexes again; what the old one has left is looked up by hand.
    private void SetUndecidedAside()
    {
        while (_undecided.TryDequeue(out PendingWrite? write))
        {
            _orphans.Add(write);
        }

        _undecidedBytes = 0;
    }

    private void ExpireWrites(Instant now)
    {
        if (now >= _nextWriteDeadline)
        {
            ExpireWritesNow(now);
        }
    }

    // In a method of its own, as DecideOrphans is: every turn comes by, and most find nothing due.
    private void ExpireWritesNow(Instant now)
    {
        _nextWriteDeadline = Instant.Never;
        foreach (PendingWrite write in _undecided)
        {
            ExpireAppended(write, now);
        }

        foreach (PendingWrite write in _orphans)
        {
            ExpireAppended(write, now);
        }

        _held.RemoveAll(write =>
        {
            if (!write.IsEnded && now < write.Deadline)
            {
                _nextWriteDeadline = Instant.Earlier(_nextWriteDeadline, Instant.Earlier(write.Deadline, now + PendingRead.SweepInterval));
                return false;
            }

            Refuse(write, _core.Leader is null
                ? new RejectedException(RejectReason.NoLeader, $"Nobody was known to lead {_id} in time. {_core.Status(now).Explain()}")
                : new RejectedException(RejectReason.TimedOut, $"The leader of {_id} took no commands in time.", _core.Leader));
            return true;
        });
    }

    // The caller stops waiting; the entry stays, and what becomes of it is still noted for whoever asks.
    private void ExpireAppended(PendingWrite write, Instant now)
    {
        if (write.IsEnded)
        {
            // Its caller was told long ago. A state machine that is slow may leave a million of these here.
            return;
        }

        if (now < write.Deadline)
        {
            _nextWriteDeadline = Instant.Earlier(_nextWriteDeadline, write.Deadline);
        }
        else
        {
            write.TryFail(new UnknownOutcomeException($"{write.Entry} wasn't known to be committed in time; it may be yet.", write.Id));
        }
    }

    private void EndAllWrites(Func<PendingWrite, Exception> appended, Func<PendingWrite, Exception> other)
    {
        SetUndecidedAside();
        foreach (PendingWrite write in _orphans)
        {
            write.TryFail(appended(write));
            write.LetGo();
        }

        _orphans.Clear();
        foreach (PendingWrite write in _held)
        {
            Refuse(write, other(write));
        }

        _held.Clear();

        // Taken in this turn, and not appended: nothing of it has left.
        foreach (PendingWrite write in _proposed)
        {
            if (write.Entry == EntryId.Zero)
            {
                Refuse(write, other(write));
            }
        }

        _proposed.Clear();
        for (; _writesTaken < _inputs.Writes.Count; _writesTaken++)
        {
            Refuse(_inputs.Writes[_writesTaken], other(_inputs.Writes[_writesTaken]));
        }
    }
}
