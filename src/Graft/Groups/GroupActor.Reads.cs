using Graft.Consensus;

namespace Graft;

/// <content>Reads, at the five consistencies.</content>
internal sealed partial class GroupActor
{
    private readonly Dictionary<ReadId, PendingRead> _confirming = [];
    private readonly PriorityQueue<PendingRead, (LogIndex Index, ulong Order)> _waiting = new();
    private readonly List<(PendingRead Read, (LogIndex Index, ulong Order) Wanted)> _stillWaiting = [];
    private ulong _readNumber;
    private Instant _nextReadDeadline = Instant.Never;

    // The last read index that a quorum confirmed, and when it was asked: what a bounded read is measured by.
    private (Instant AskedAt, LogIndex Index) _confirmed = (Instant.DistantPast, LogIndex.Zero);

    /// <summary>How many reads wait for the state machine.</summary>
    internal int ReadsQueued => _applier.ReadsQueued;

    /// <summary>How many reads wait for an entry to be applied.</summary>
    internal int ReadsWaiting => _waiting.Count;

    /// <summary>Waits until this node's state is as fresh as asked for, then asks it.</summary>
    internal ValueTask<QueryResult> ReadAsync(
        ReadConsistency consistency, ReadOnlyMemory<byte>? query, TimeSpan timeout, CancellationToken cancellation, Action<IStateMachine>? visit = null)
    {
        cancellation.ThrowIfCancellationRequested();
        if (View.IsWitness)
        {
            throw new ReadFailedException(RejectReason.ApplyHalted, $"This node is a witness of {_id}: it votes and has no state to read. Ask another.");
        }

        if (_over is { } over)
        {
            throw new ReadFailedException(RejectReason.Stopping, over);
        }

        Instant deadline = _services.Clock.Now + (timeout > TimeSpan.Zero ? timeout : _settings.DefaultTimeout);
        var read = new PendingRead(consistency, query, deadline, cancellation) { Visit = visit };
        Meters.Begin(read);
        ValueTask<QueryResult> task = read.Task;
        read.ListenToCancellation();
        if (consistency.Kind == ReadConsistencyKind.Local)
        {
            _applier.Submit(read);
            return task;
        }

        string? ended;
        lock (_gate)
        {
            ended = _over;
            if (ended is null)
            {
                _incoming.Reads.Add(read);
            }
        }

        if (ended is null)
        {
            Ask();
        }
        else
        {
            read.TryFail(new ReadFailedException(RejectReason.Stopping, ended));
        }

        return task;
    }

    private void BeginReads(Instant now)
    {
        foreach (PendingRead read in _inputs.Reads)
        {
            switch (read.Consistency.Kind)
            {
                case ReadConsistencyKind.AtLeast:
                    WaitToApply(read, read.Consistency.Index);
                    break;
                case ReadConsistencyKind.Bounded when now - _confirmed.AskedAt <= read.Consistency.Age:
                    WaitToApply(read, _confirmed.Index);
                    break;
                default:
                    Confirm(read, now);
                    break;
            }
        }
    }

    private void Confirm(PendingRead read, Instant now)
    {
        TimeSpan left = read.Deadline - now;
        if (left <= TimeSpan.Zero)
        {
            read.TryFail(new ReadFailedException(RejectReason.TimedOut, "The deadline had passed before the read could begin."));
            return;
        }

        var id = new ReadId(++_readNumber);
        read.AskedAt = now;
        _confirming.Add(id, read);
        ReadLevel level = read.Consistency.Kind == ReadConsistencyKind.Lease ? ReadLevel.Lease : ReadLevel.Linearizable;
        _core.Read(id, level, left, now);
    }

    // At the time of the turn, as everything that asks the core is: one that has looked at the clock again is ahead of the next input.
    private void EndRead(in ReadResult result, Instant now)
    {
        if (!_confirming.Remove(result.Id, out PendingRead? read))
        {
            return;
        }

        switch (result.Outcome)
        {
            case ReadOutcome.Confirmed:
                read.Level = result.Level == ReadLevel.Lease ? ReadConsistencyKind.Lease : ReadConsistencyKind.Linearizable;
                if (read.AskedAt > _confirmed.AskedAt && result.Level == ReadLevel.Linearizable)
                {
                    _confirmed = (read.AskedAt, result.Index);
                }

                WaitToApply(read, result.Index);
                break;
            case ReadOutcome.NotLeader when now < read.Deadline && !read.IsEnded:
                // Nothing was promised yet, so asking again is safe.
                Confirm(read, now);
                break;
            default:
                read.TryFail(WhyNotRead(result.Outcome, now));
                break;
        }
    }

    private Exception WhyNotRead(ReadOutcome outcome, Instant now) => outcome switch
    {
        ReadOutcome.Overloaded => new OverloadedException($"As many reads wait in {_id} as may.", RetryAfter),
        ReadOutcome.NoLeader => new ReadFailedException(
            RejectReason.NoLeader, $"Nobody was known to lead {_id} in time. {_core.Status(now).Explain()}"),
        ReadOutcome.Stopped => new ReadFailedException(RejectReason.Stopping, $"The log of this node has failed; {_id} answers local reads only."),
        _ => new ReadFailedException(RejectReason.TimedOut, $"No quorum of {_id} confirmed the read in time."),
    };

    private void WaitToApply(PendingRead read, LogIndex index)
    {
        if (_halted is { } halted)
        {
            read.TryFail(new ReadFailedException(RejectReason.ApplyHalted, halted.Message));
            return;
        }

        if (index <= _applied)
        {
            _applier.Submit(read);
            return;
        }

        read.WaitFor = index;
        _waiting.Enqueue(read, (index, ++_readNumber));
        _nextReadDeadline = Instant.Earlier(_nextReadDeadline, Instant.Earlier(read.Deadline, _services.Clock.Now + PendingRead.SweepInterval));
    }

    private void ReleaseReads()
    {
        while (_waiting.TryPeek(out PendingRead? read, out (LogIndex Index, ulong Order) wanted) && wanted.Index <= _applied)
        {
            _waiting.Dequeue();
            _applier.Submit(read);
        }
    }

    private void ExpireReads(Instant now)
    {
        if (now < _nextReadDeadline)
        {
            return;
        }

        _nextReadDeadline = Instant.Never;
        _stillWaiting.Clear();
        foreach ((PendingRead read, (LogIndex Index, ulong _) wanted) in _waiting.UnorderedItems)
        {
            if (read.IsEnded)
            {
                continue;
            }

            if (now < read.Deadline)
            {
                _nextReadDeadline = Instant.Earlier(_nextReadDeadline, Instant.Earlier(read.Deadline, now + PendingRead.SweepInterval));
                _stillWaiting.Add((read, wanted));
            }
            else
            {
                read.TryFail(new ReadFailedException(
                    RejectReason.TimedOut, $"Entry {wanted.Index} wasn't applied here in time; {_core.Id} has applied up to {_applied}."));
            }
        }

        // What has ended goes at once: an index that never comes would keep its question for ever.
        _waiting.Clear();
        _waiting.EnqueueRange(_stillWaiting);
        _stillWaiting.Clear();
    }

    private void EndAllReads(Exception why)
    {
        foreach (PendingRead read in _inputs.Reads.Concat(_confirming.Values))
        {
            read.TryFail(why);
        }

        _inputs.Reads.Clear();
        _confirming.Clear();
        while (_waiting.TryDequeue(out PendingRead? read, out _))
        {
            read.TryFail(why);
        }
    }

    private void ExpireWaiting(Instant now)
    {
        ExpireWrites(now);
        ExpireReads(now);
    }
}
