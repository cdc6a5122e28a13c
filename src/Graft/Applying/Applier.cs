using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>Feeds one group's state machine, apart from everything that keeps the group alive.</summary>
/// <remarks>
/// One loop, one thing at a time, in the order in which it was asked: a slow command delays what is behind it and no heartbeat.
/// A state machine that throws ends the loop, and nothing is ever skipped: what it didn't apply, it may apply after a restart.
/// One that keeps its state on disk commits at the end of each work, before anybody hears of it.
/// </remarks>
internal sealed partial class Applier : IDeadline, IThreadPoolWorkItem
{
    // A state that is rebuilt from snapshots asks nothing of the log behind them.
    private static readonly LogIndex Always = new(ulong.MaxValue);

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

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
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _readsQueued;
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
    internal Task Completion => _ended.Task;

    /// <summary>How many reads wait for the state machine.</summary>
    internal int ReadsQueued => Volatile.Read(ref _readsQueued);

    /// <summary>How many reads may.</summary>
    internal int ReadsMax { get; init; } = 10_000;

    internal void Start() => _ = RunAsync();

    // Posted: the state machine's code is nothing that a start, or a message that makes a group, waits for.
    void IThreadPoolWorkItem.Execute() => Start();

    /// <summary>Opens a state that lies on disk. Before anything else.</summary>
    internal void Open() => Enqueue(OpenRequest.Instance);

    internal void Submit(ApplyWork work) => Enqueue(work);

    /// <summary>Asks the state machine, once everything submitted so far is applied.</summary>
    internal void Submit(PendingRead read)
    {
        bool isTaken;
        lock (_gate)
        {
            isTaken = _isOver || _readsQueued < ReadsMax;
        }

        if (!isTaken)
        {
            read.TryFail(new OverloadedException($"{ReadsMax} reads wait for the state machine of {_context.Group} already.", RetryAfter));
            return;
        }

        Enqueue(read);
        _deadlines?.Set(this, Instant.Earlier(read.Deadline, _deadlines.Now + PendingRead.SweepInterval));
    }

    // A state machine that takes its time lets its askers go at theirs.
    void IDeadline.OnDeadline()
    {
        Instant now = _deadlines!.Now;
        Instant next = Instant.Never;
        List<PendingRead> late = [];
        lock (_gate)
        {
            foreach (PendingRead read in _queue.OfType<PendingRead>().Concat(_asked))
            {
                if (read.IsEnded)
                {
                    continue;
                }

                if (now < read.Deadline)
                {
                    next = Instant.Earlier(next, Instant.Earlier(read.Deadline, now + PendingRead.SweepInterval));
                }
                else
                {
                    late.Add(read);
                }
            }
        }

        foreach (PendingRead read in late)
        {
            read.TryFail(new ReadFailedException(RejectReason.TimedOut, $"The state machine of {_context.Group} didn't answer in time."));
        }

        DropEnded();
        if (next != Instant.Never)
        {
            _deadlines.Set(this, next);
        }
    }

    private void DropEnded()
    {
        lock (_gate)
        {
            for (int left = _queue.Count; left > 0; left--)
            {
                object request = _queue.Dequeue();
                if (request is PendingRead { IsEnded: true })
                {
                    _readsQueued--;
                }
                else
                {
                    _queue.Enqueue(request);
                }
            }
        }
    }

    /// <summary>Captures the state after everything submitted so far.</summary>
    /// <param name="isWithoutMachine">Whether this node is a witness.</param>
    internal void Capture(bool isWithoutMachine = false) => Enqueue(new CaptureRequest(isWithoutMachine));

    /// <summary>Replaces the state by a snapshot's, after everything submitted so far.</summary>
    internal void Submit(RestoreRequest restore) => Enqueue(restore);

    /// <summary>Applies nothing more, after everything submitted so far.</summary>
    internal void Halt(ApplyHaltedException why) => Enqueue(why);

    /// <summary>Ends it behind what is under way. Who waits in line is told at once: what is under way may take for ever.</summary>
    internal void Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
        }

        Close(RejectReason.Stopping, $"{_context.Group} is stopping.");
        _signal.Set();
    }

    /// <summary>Waits no longer for what is under way: its askers are told, and a program that it waits for is ended.</summary>
    internal void Abandon()
    {
        PendingRead[] asked;
        lock (_gate)
        {
            asked = [.. _asked];
        }

        foreach (PendingRead read in asked)
        {
            read.TryFail(new ReadFailedException(RejectReason.Stopping, $"{_context.Group} has stopped, and its state machine didn't answer."));
        }

        (_machine as IMachineStop)?.Abandon();
    }

    private void Enqueue(object request)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _readsQueued += request is PendingRead ? 1 : 0;
                _queue.Enqueue(request);
                _signal.Set();
                return;
            }
        }

        Refuse(request, RejectReason.Stopping, $"{_context.Group} has stopped.");
    }

    private static void Refuse(object request, RejectReason reason, string message)
    {
        (request as PendingRead)?.TryFail(new ReadFailedException(reason, message));
        (request as RestoreRequest)?.Content.Dispose();
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
        try
        {
            await ServeAllAsync();
            await EndMachineAsync();
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private async Task EndMachineAsync()
    {
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
            if (!IsAsked(out bool isStopping))
            {
                if (isStopping)
                {
                    return;
                }

                await _signal.WaitAsync();
                continue;
            }

            try
            {
                // Before anything is taken out of the queue: what waits there can be told that time is over.
                if (_starting is { } starting)
                {
                    _starting = null;
                    await starting.StartAsync(_context);
                }
                else if (Next() is { } request)
                {
                    await ServeAsync(request);
                }
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
                if (_isStopping)
                {
                    // Ended from outside, likely. What it didn't apply, it applies at the next start.
                    return;
                }

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

    private bool IsAsked(out bool isStopping)
    {
        lock (_gate)
        {
            isStopping = _isStopping;
            return !isStopping && _queue.Count > 0;
        }
    }

    private object? Next()
    {
        lock (_gate)
        {
            if (_isStopping || !_queue.TryDequeue(out object? request))
            {
                return null;
            }

            if (request is PendingRead read)
            {
                // From here on its deadline is kept for it as one that is asked.
                _readsQueued--;
                _asked.Add(read);
            }

            return request;
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
                await CaptureAsync((CaptureRequest)request);
                break;
        }
    }

    private async ValueTask CaptureAsync(CaptureRequest request)
    {
        if (_disk is { } disk)
        {
            await disk.CheckpointAsync();
        }

        IStateImage image;
        try
        {
            image = request.IsWithoutMachine ? EmptyImage.Instance : await _machine.CaptureAsync();
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
                return;
            }

            await _signal.WaitAsync();
        }
    }

    private void EndReads(RejectReason reason, string message)
    {
        object[] waiting;
        lock (_gate)
        {
            waiting = [.. _queue];
            _queue.Clear();
            _readsQueued = 0;
        }

        foreach (object request in waiting)
        {
            Refuse(request, reason, message);
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
        // Before it's asked: others may be applied while it answers.
        LogIndex applied = Applied.Index;
        try
        {
            if (read.IsEnded)
            {
                return;
            }

            read.Visit?.Invoke(_machine);
            ReadOnlyMemory<byte> answer = read.Query is { } query ? await _machine.QueryAsync(query, read.Cancellation) : default;
            read.TryComplete(applied, answer);
        }
        catch (OperationCanceledException given)
        {
            read.TryFail(given);
        }
        catch (InvariantViolationException bug)
        {
            read.TryFail(new ReadFailedException(RejectReason.Stopping, $"This node has failed: {bug.Message}"));
            throw;
        }
#pragma warning disable CA1031 // A question changes nothing, so one that fails concerns its asker alone.
        catch (Exception refusal)
#pragma warning restore CA1031
        {
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
            if (!restore.IsWithoutMachine)
            {
                await _machine.RestoreAsync(restore.Content);
            }
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
}
