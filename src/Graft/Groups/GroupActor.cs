using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>One group on this node: the core, and everything that it orders done.</summary>
/// <remarks>
/// <para>
/// Inputs gather while a turn runs, and the next turn takes them all: messages, receipts of the disk, writes, reads, the clock.
/// The core steps through them, and what it orders goes out at the end, together. So a group alone is answered at once, and a
/// busy one works in batches as large as its load makes them.
/// </para>
/// <para>
/// Nothing here waits. The disk, the network and the state machine work beside it and report by <see cref="ILogCompletion"/>,
/// <see cref="Receive"/> and <see cref="IApplierHost"/>, which take a note and ask for a turn.
/// </para>
/// </remarks>
internal sealed partial class GroupActor : Actor, ILogCompletion, IApplierHost, IDeadline, IEntrySource
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);

    // Of the patience with a state machine, what it has before the program that it waits for is ended.
    private static readonly TimeSpan ProgramPatience = TimeSpan.FromSeconds(2);

    private readonly GroupServices _services;
    private readonly SeededRandom _random;
    private readonly GroupId _id;
    private readonly GroupSettings _settings;
    private readonly RaftCore _core;
    private readonly TimeSpan _electionTimeout;
    private readonly EntryTail _tail;

    // What the tail began behind: found on disk, and not beyond being replaced while nothing above it is committed.
    private readonly Applier _applier;
    private readonly Lock _gate = new();
    private Inputs _incoming = new();
    private Inputs _inputs = new();
    private GroupView _view;
    private ulong _epoch;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _over;

    // How much of the inputs this turn is through with: if it fails, the others haven't been looked at.
    private int _requestsDone;

    internal GroupActor(GroupServices services, SeededRandom random, GroupSettings settings, RaftOptions options, RestoredState restored, IStateMachine machine)
        : base(services.Scheduler, services.Failure)
    {
        (_services, _random, _settings, _id) = (services, random, settings, settings.Group);
        _electionTimeout = options.ElectionTimeout;
        Meters = new GroupMeters(services.Meters, _id, services.Clock.Time);
        _core = new RaftCore(options, restored, services.Clock.Now);
        _tail = new EntryTail(_core.Log.Last.Index);
        _applier = new Applier(new MachineContext(options.Cluster, options.Node, _id), machine, this, services.Deadlines)
        {
            ReplayedThrough = _core.CommitIndex,
            ReadsMax = settings.ReadsQueuedMax,
        };
        _stored = restored.Snapshot?.Last ?? EntryId.Zero;
        _committed = _core.CommitIndex;
        _isLossKnown = restored.Lost is not null;
        _wake = _core.Wake;
        _snapshotBytes = restored.Snapshot?.Bytes ?? 0;
        _view = GroupView.Of(_core);
        _epoch = _view.Membership.Epoch.Value;
    }

    internal GroupId Id => _id;

    /// <summary>Behind which entry the log begins. For tests: it's the turn's own.</summary>
    internal LogIndex LogBase => _core.Log.Base.Index;

    /// <summary>The latest epoch that a configuration of the group was of here. One that is replaced by another log's takes it along.</summary>
    internal Epoch Epoch => new(Volatile.Read(ref _epoch));

    /// <summary>Bytes of entries in memory.</summary>
    internal long TailBytes => _tail.Bytes;

    /// <summary>Whether the group has ended on this node.</summary>
    internal bool IsOver => Volatile.Read(ref _over) is not null;

    /// <summary>What the group looks like from outside, as of the last turn.</summary>
    internal GroupView View => Volatile.Read(ref _view);

    /// <summary>T of this group.</summary>
    internal TimeSpan ElectionTimeout => _electionTimeout;

    Instant IDeadline.QueuedFor { get; set; } = Instant.Never;

    /// <summary>Begins: the state machine opens its disk, or takes the snapshot's state, if there is one; and the group its first turn.</summary>
    /// <param name="restore">The newest snapshot.</param>
    /// <param name="lost">What the log doesn't say yet that this group has lost. It is written first: a restart would find a sound group otherwise.</param>
    internal void Start(RestoreRequest? restore, LostEntries? lost = null)
    {
        if (lost is not null)
        {
            LogWrite write = RentWrite();
            write.Begin(_id);
            write.Lost = lost;
            Hand(write, null);
        }

        if (_applier.IsOnDisk)
        {
            _isRestoring = true;
            _applier.Open();
        }
        else if (restore is not null)
        {
            _submitted = restore.Last.Index;
            _isRestoring = true;
            _applier.Submit(restore);
        }

        _services.Scheduler.Post(_applier);
        Ask();
    }

    void IDeadline.OnDeadline() => Ask();

    /// <summary>Takes in a message; whoever hands it over gives it up.</summary>
    internal void Receive(ReceivedMessage message)
    {
        bool isOver;
        lock (_gate)
        {
            isOver = _over is not null;
            if (!isOver)
            {
                _incoming.Messages.Add(message);
            }
        }

        if (isOver)
        {
            message.Release();
        }
        else
        {
            Ask();
        }
    }

    /// <summary>Has something done in the group's turn, and answered then or later; if the group ends before that turn, by its end.</summary>
    /// <exception cref="RejectedException">The group has stopped.</exception>
    private Task<T> AskAsync<T>(Action<TaskCompletionSource<T>, Instant> request)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ThrowIfOver();
            _incoming.Requests.Add((now => request(answer, now), over => answer.TrySetException(over)));
        }

        Ask();
        return answer.Task;
    }

    /// <summary>Tells the group of something that it need not know once it has stopped.</summary>
    /// <param name="report">What to do, in its turn.</param>
    /// <param name="dropped">Done in its place, if the group has stopped by then.</param>
    internal void Tell(Action<Instant> report, Action? dropped = null)
    {
        bool isOver;
        lock (_gate)
        {
            isOver = _over is not null;
            if (!isOver)
            {
                _incoming.Requests.Add((report, dropped is null ? null : _ => dropped()));
            }
        }

        if (isOver)
        {
            dropped?.Invoke();
        }
        else
        {
            Ask();
        }
    }

    /// <summary>Ends the group on this node: whoever waits is told, and no more is said to anybody.</summary>
    internal async Task StopAsync()
    {
        Tell(_ => End("This node is stopping."));
        await _ended.Task;
        CancelSnapshot();
        if (!await EndsAsync(_writingSnapshot, StopPatience))
        {
            // It doesn't heed its token. What it writes is never renamed: the token is looked at again before.
            Note($"The snapshot that is being written hasn't come to an end in {StopPatience.TotalSeconds:0} s, and is left behind.");
        }

        if (await EndsAsync(_applier.Completion, ProgramPatience))
        {
            return;
        }

        _applier.Abandon();
        if (!await EndsAsync(_applier.Completion, StopPatience))
        {
            Note($"The state machine hasn't come to an end in {(ProgramPatience + StopPatience).TotalSeconds:0} s, and is left behind.");
        }
    }

    private async Task<bool> EndsAsync(Task work, TimeSpan patience)
    {
        try
        {
            await HereAsync(work).WaitAsync(patience, _services.Clock.Time, CancellationToken.None);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    // A wait with a limit completes where its task does: this one's does so here, and not on whatever thread completes a source.
    private static async Task HereAsync(Task work) => await work;

    /// <summary>Ends the group where it is: the node has no part in it any more.</summary>
    internal void Abandon(string why) => Tell(_ => End(why));

    // In a method of its own, because in an asynchronous one the analyzers ask for CancelAsync, which leaves the context.
    private void CancelSnapshot()
    {
        lock (_gate)
        {
            _writing?.Cancel();
        }
    }

    internal void ReportUnreachable(NodeId node) => Tell(now => _core.ReportUnreachable(node, now));

    private protected override void RunTurn()
    {
        lock (_gate)
        {
            (_incoming, _inputs) = (_inputs, _incoming);
        }

        Instant now = _services.Clock.Now;
        if (_over is null)
        {
            Step(now);
        }

        if (_over is null)
        {
            Conclude(now);
            SetDeadline(now);
        }

        _inputs.Clear();
        (_requestsDone, _writesTaken) = (0, 0);
    }

    // Nobody may wait for an actor that never runs again: deadlines are kept by it, too.
    private protected override void OnFailed(Exception bug) => End($"This node has failed: {bug.Message}");

    private void End(string why)
    {
        lock (_gate)
        {
            _over = why;
            _inputs.Writes.AddRange(_incoming.Writes);
            _inputs.Reads.AddRange(_incoming.Reads);

            // The one that is being carried out may be what failed, and what it was to answer may hang on nothing else.
            _inputs.Requests.RemoveRange(0, Math.Max(0, _requestsDone - 1));
            _inputs.Requests.AddRange(_incoming.Requests);
            foreach (ReceivedMessage message in _incoming.Messages)
            {
                message.Release();
            }

            foreach ((Action<Instant> _, Action<Exception>? refuse) in _inputs.Requests)
            {
                refuse?.Invoke(new RejectedException(RejectReason.Stopping, why));
            }

            _inputs.Requests.Clear();
            _incoming.Clear();
        }

        LeavePeers();
        _applier.Stop();
        EndAllWrites(
            appended: write => new UnknownOutcomeException(why, write.Id),
            other: _ => new RejectedException(RejectReason.Stopping, why));
        EndAllReads(new ReadFailedException(RejectReason.Stopping, why));
        foreach ((EntryId change, TaskCompletionSource<LogIndex> done) in _changes)
        {
            done.TrySetException(new UnknownOutcomeException(why, new WriteId(change, 0, 0)));
        }

        _changes.Clear();
        _transfer?.TrySetException(new RejectedException(RejectReason.Stopping, why));
        RefuseSnapshots(new RejectedException(RejectReason.Stopping, why));
        if (_digesting is { } digesting)
        {
            _services.Scheduler.Post(new Cancellation(digesting, _services.Events));
        }

        if (_leadership is { } ended)
        {
            Volatile.Write(ref _leadership, null);
            _services.Scheduler.Post(new Cancellation(ended, _services.Events));
        }

        EndTouch();
        _ended.TrySetResult();
    }

    private void ThrowIfOver()
    {
        if (_over is { } why)
        {
            throw new RejectedException(RejectReason.Stopping, why);
        }
    }

    private void Step(Instant now)
    {
        if (_core.IsResting)
        {
            VouchForPeers(now);
        }

        _core.Tick(now);
        foreach (ReceivedMessage message in _inputs.Messages)
        {
            Step(message, now);
        }

        TakeReceipts(now);
        TakeLoaded(now);

        // Before the requests: what is applied decides writes that an installed snapshot, which is one of them, can only give up.
        TakeApplied(now);
        while (_requestsDone < _inputs.Requests.Count && _over is null)
        {
            _inputs.Requests[_requestsDone++].Do(now);
        }

        if (_over is not null)
        {
            return;
        }

        if (_tail.End < _core.Log.Last.Index)
        {
            // It has just begun to lead. Its own first entry comes before any command.
            TakeOrders(now);
        }

        Propose(now);
        BeginReads(now);
        ExpireWaiting(now);
    }

    private void Conclude(Instant now)
    {
        ConsiderDeferring(now);
        TakeOrders(now);
        EndChanges(_committed);
        SubmitCommitted();
        ConsiderComparing(now);
        FollowRest();
        _tail.Trim(_core.DurableIndex, _applied, _submitted, _workNumber, _core.IsResting);
        Publish();
    }

    // The core names what it wants done until it has nothing more to say.
    private void TakeOrders(Instant now)
    {
        while (true)
        {
            Ready ready = _core.TakeReady(now);
            if (ready.IsEmpty)
            {
                break;
            }

            Encode(ready.OwnEntries);
            foreach (ref readonly Message message in ready.Messages)
            {
                Send(message, now);
            }

            if (ready.Persist is { } order)
            {
                Persist(order, ready);
            }

            foreach (ref readonly ReadResult read in ready.Reads)
            {
                EndRead(read, now);
            }

            FollowSnapshots(ready);
            if (ready.IsLeadershipChanged)
            {
                OnLeadershipChanged(ready, now);
            }

            if (ready.Transfer is { } transfer)
            {
                EndTransfer(transfer);
            }

            if (ready.Commit > _committed && Meters.WantsCommits)
            {
                Meters.Commit(_undecided, ready.Commit);
            }

            _committed = ready.Commit;
        }
    }

    private void SetDeadline(Instant now)
    {
        Instant deadline = Instant.Earlier(_core.NextDeadline, Instant.Earlier(_nextWriteDeadline, _retryDiskAt));
        deadline = Instant.Earlier(deadline, _nextReadDeadline);
        deadline = Instant.Earlier(deadline, IsComparing ? _compareAt : Instant.Never);
        deadline = Instant.Earlier(deadline, _deferAt);
        if (deadline != Instant.Never)
        {
            _services.Deadlines.Set(this, Instant.Later(deadline, now));
        }
    }

    private void Publish()
    {
        // Who is led again is a member again.
        _removedAt = _core.IsRetired ? _removedAt : null;
        GroupView view = _view;
        if (view.Role != _core.Role || view.Term != _core.Term || view.Leader != _core.Leader || view.Commit != _core.CommitIndex
            || view.Applied != _applied || !ReferenceEquals(view.Membership, _core.Membership) || view.Removed != _removedAt)
        {
            Volatile.Write(ref _view, GroupView.Of(_core, _applied, _halted, _divergence, _removedAt));
            Follow(view, _view);
            if (_view.Membership.Epoch.Value > _epoch)
            {
                Volatile.Write(ref _epoch, _view.Membership.Epoch.Value);
                _services.EpochRisen?.Invoke();
            }
        }
    }

    private void Step(ReceivedMessage received, Instant now)
    {
        // What the log has already is here too, or on disk. Asked before the core takes the rest: afterwards it has it all.
        ReadOnlySpan<StoredEntry> entries = received.Entries;
        LogIndex committed = _core.CommitIndex;
        int known = 0;
        while (known < entries.Length && (entries[known].Id.Index <= committed || _core.Log.Contains(entries[known].Id)))
        {
            known++;
        }

        StepOutcome outcome = _core.Step(received.Message, now);
        FollowLog();
        if (outcome != StepOutcome.Accepted || known == entries.Length || !_core.Log.Contains(entries[known].Id))
        {
            received.Release();
            return;
        }

        // They may take the place of others, which after a restart lie on the disk alone: the tail begins below them then.
        if (_tail.End >= entries[known].Id.Index)
        {
            _tail.Truncate(entries[known].Id.Index.Previous, _writeNumber, _workNumber);
        }

        int end = known;
        while (end < entries.Length && _core.Log.Contains(entries[end].Id))
        {
            end++;
        }

        _tail.Append(entries[known..end], received);
    }

    // The tail holds what the core's log names, and nothing else.
    private void FollowLog()
    {
        EntryId start = _core.Log.Base;
        if (_tail.End < start.Index)
        {
            _tail.Reset(start.Index, _writeNumber, _workNumber);
            return;
        }

        LogIndex last = LogIndex.Min(_tail.End, _core.Log.Last.Index);
        while (last > _tail.Start && _tail.TryGet(last, out StoredEntry entry) && !_core.Log.Contains(entry.Id))
        {
            last = last.Previous;
        }

        if (last < _tail.End)
        {
            _tail.Truncate(last, _writeNumber, _workNumber);
        }
    }

    private sealed class Inputs
    {
        internal List<ReceivedMessage> Messages { get; } = [];

        internal List<(LogWrite Write, Exception? Failure, bool IsNoSpace)> Written { get; } = [];

        internal List<(Action<Instant> Do, Action<Exception>? Refuse)> Requests { get; } = [];

        internal List<PendingWrite> Writes { get; } = [];

        internal List<PendingRead> Reads { get; } = [];

        internal List<ApplyWork> Applied { get; } = [];

        internal List<EntryLoad> Loaded { get; } = [];

        internal void Clear()
        {
            Messages.Clear();
            Written.Clear();
            Requests.Clear();
            Writes.Clear();
            Reads.Clear();
            Applied.Clear();
            Loaded.Clear();
        }
    }
}
