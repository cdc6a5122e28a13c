using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>The smallest honest host of a core: payloads, a disk, a state machine, and every duty of <see cref="Ready"/>.</summary>
/// <remarks>
/// It decides nothing about time, order or loss. Whoever drives it (the random world, a script, a directed test) delivers
/// <see cref="Outbox"/>, completes <see cref="CoreDisk.Pending"/> and calls <see cref="Turn"/> after each batch of inputs.
/// </remarks>
public sealed class CoreNode
{
    private readonly List<LogEntry> _log = [];
    private readonly List<ReadResult> _waitingReads = [];
    private EntryId _logStart;
    private SnapshotImage? _received;

    /// <summary>Starts a core from what <paramref name="disk"/> holds.</summary>
    /// <param name="disk">What is durable here.</param>
    /// <param name="options">What this start of the core is told.</param>
    /// <param name="now">The node's clock.</param>
    /// <param name="onApplied">Called for every entry as it is applied, those included that a restart applies again.</param>
    public CoreNode(CoreDisk disk, Func<Incarnation, RaftOptions> options, Instant now, Action<CoreNode, LogEntry>? onApplied = null)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ArgumentNullException.ThrowIfNull(options);
        Disk = disk;
        OnApplied = onApplied;
        RestoredState restored = disk.Restore();
        Options = options(disk.Incarnation);
        Core = new RaftCore(Options, restored, now);
        _logStart = Core.Log.Base;
        _log.AddRange(disk.Entries.Where(entry => entry.Id.Index > _logStart.Index && Core.Log.Contains(entry.Id)));
        State = disk.Snapshot?.State ?? default;
        ApplyThrough(Core.CommitIndex);
    }

    public CoreDisk Disk { get; }

    public RaftOptions Options { get; }

    public RaftCore Core { get; }

    public NodeId Id => Core.Id;

    /// <summary>The state machine.</summary>
    public StateImage State { get; private set; }

    /// <summary>Called for every entry as it is applied.</summary>
    public Action<CoreNode, LogEntry>? OnApplied { get; set; }

    /// <summary>Messages that the last turns ordered to be sent. The driver takes them out.</summary>
    public List<Message> Outbox { get; } = [];

    /// <summary>Reads that ended; confirmed ones only once their index is applied. The driver takes them out.</summary>
    public List<ReadResult> EndedReads { get; } = [];

    /// <summary>Transfers that ended. The driver takes them out.</summary>
    public List<TransferResult> EndedTransfers { get; } = [];

    /// <summary>The snapshot that the core waits for, and who offered it.</summary>
    public (Snapshot Snapshot, NodeId From)? Wanted { get; private set; }

    /// <summary>While set, committed entries aren't applied: a state machine that is slow.</summary>
    public bool IsApplyHeld { get; set; }

    /// <summary>Whether the core has confirmed this read and only the state machine is behind.</summary>
    public bool IsWaitingToApply(ReadId read)
    {
        foreach (ReadResult waiting in _waitingReads)
        {
            if (waiting.Id == read)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The entry that this node's memory holds at <paramref name="index"/>, or null.</summary>
    public LogEntry? Find(LogIndex index)
    {
        return index > _logStart.Index && index - _logStart.Index <= (ulong)_log.Count
            ? _log[(int)(index - _logStart.Index) - 1]
            : null;
    }

    public StepOutcome Receive(in Envelope envelope, Instant now)
    {
        StepOutcome outcome = Core.Step(envelope.Message, now);
        FollowLog();
        if (outcome == StepOutcome.Accepted)
        {
            foreach (LogEntry entry in envelope.Entries)
            {
                Store(entry);
            }
        }

        return outcome;
    }

    /// <summary>Proposes one entry per payload, each of <paramref name="bytes"/> bytes.</summary>
    public Proposal Propose(ReadOnlySpan<ulong> payloads, int bytes, Instant now)
    {
        Span<int> sizes = stackalloc int[payloads.Length];
        sizes.Fill(bytes);
        Proposal proposal = Core.Propose(sizes, now);
        if (proposal.IsAppended)
        {
            for (int i = 0; i < payloads.Length; i++)
            {
                Store(new LogEntry(new EntryId(proposal.First.Term, proposal.First.Index + (ulong)i), payloads[i], bytes, null));
            }
        }

        return proposal;
    }

    /// <summary>Concludes a batch of inputs and does what the core asks, except for sending and completing writes.</summary>
    public Ready Turn(Instant now)
    {
        FollowLog();
        Ready ready = Core.TakeReady(now);
        foreach (OwnEntry own in ready.OwnEntries)
        {
            Store(new LogEntry(own.Id, 0, 0, own.Membership));
        }

        Outbox.AddRange(ready.Messages);
        if (ready.Persist is { } order)
        {
            Persist(order);
        }

        if (ready.SnapshotToAbandon is { } abandoned && Wanted is { } wanted && wanted.Snapshot.Last == abandoned)
        {
            Wanted = null;
        }

        if (ready.SnapshotToReceive is { } snapshot)
        {
            Wanted = (snapshot, ready.SnapshotFrom!.Value);
        }

        if (ready.Transfer is { } transfer)
        {
            EndedTransfers.Add(transfer);
        }

        foreach (ReadResult read in ready.Reads)
        {
            (read.Outcome == ReadOutcome.Confirmed ? _waitingReads : EndedReads).Add(read);
        }

        ApplyCommitted();
        return ready;
    }

    /// <summary>Applies what is committed, unless held, and ends the reads that waited for it.</summary>
    public void ApplyCommitted()
    {
        if (!IsApplyHeld)
        {
            ApplyThrough(Core.CommitIndex);
        }

        int kept = 0;
        for (int i = 0; i < _waitingReads.Count; i++)
        {
            if (_waitingReads[i].Index <= State.Applied)
            {
                EndedReads.Add(_waitingReads[i]);
            }
            else
            {
                _waitingReads[kept++] = _waitingReads[i];
            }
        }

        _waitingReads.RemoveRange(kept, _waitingReads.Count - kept);
    }

    /// <summary>
    /// Attaches the entries to a message that was ordered some time ago: the log may have changed since, and then nothing is
    /// sent. A host whose entries come from disk does the same.
    /// </summary>
    public bool TryLoad(in Message order, Instant now, out Envelope envelope)
    {
        envelope = new Envelope(order, []);
        if (order.Kind != MessageKind.AppendEntries || order.EntryCount == 0)
        {
            return true;
        }

        int count = 0;
        long bytes = 0;
        for (LogIndex index = order.Previous.Index.Next; index <= order.Last; index = index.Next)
        {
            if (Find(index) is not { } entry || entry.Id.Term != order.EntriesTerm)
            {
                Core.ReportSent(order.To, order.Sequence, order.Previous.Index, 0, now);
                return false;
            }

            if (order.HostClips && count > 0 && bytes + entry.Bytes > order.Bytes)
            {
                break;
            }

            count++;
            bytes += entry.Bytes;
        }

        var entries = new LogEntry[count];
        _log.CopyTo((int)(order.Previous.Index - _logStart.Index), entries, 0, count);
        for (int i = 0; i < count && order.HeadersOnly; i++)
        {
            entries[i] = entries[i] with { Payload = 0 };
        }

        LogIndex last = entries[^1].Id.Index;
        envelope = new Envelope(order.HostClips ? order.ClippedTo(last, bytes) : order, entries);
        if (order.HostClips)
        {
            Core.ReportSent(order.To, order.Sequence, last, bytes, now);
        }

        return true;
    }

    /// <summary>The write at <paramref name="position"/> in <see cref="CoreDisk.Pending"/> is done.</summary>
    public void CompleteWrite(int position, Instant now) => Core.Persisted(Disk.Complete(position), now);

    /// <summary>The snapshot that was wanted has come, whole. It is stored and handed to the core.</summary>
    /// <returns>False if the core doesn't want it any more.</returns>
    public bool ReceiveSnapshot(SnapshotImage image, Instant now)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (Wanted is { } wanted && wanted.Snapshot.Last == image.Snapshot.Last)
        {
            Wanted = null;
        }

        _received = image;
        if (!Core.SnapshotReceived(image.Snapshot.Last, now))
        {
            _received = null;
        }

        return _received is not null;
    }

    /// <summary>Fetching failed: the core is told, and a further offer begins anew.</summary>
    public void FailSnapshot(Instant now)
    {
        if (Wanted is { } wanted)
        {
            Wanted = null;
            Core.SnapshotFailed(wanted.Snapshot.Last, now);
        }
    }

    /// <summary>Stores a snapshot of the applied state and compacts the log, but for <paramref name="trailing"/> entries.</summary>
    /// <returns>False if nothing is applied that the newest snapshot lacks.</returns>
    public bool TakeSnapshot(ulong trailing, Instant now)
    {
        LogIndex applied = State.Applied;
        if (applied <= (Disk.Snapshot?.Snapshot.Last.Index ?? LogIndex.Zero) || !Core.Log.Contains(applied) || Disk.Pending.Any(write => write.Install is not null))
        {
            return false;
        }

        Membership membership = Core.MembershipAt(applied, out LogIndex appendedAt);
        var snapshot = new Snapshot(new EntryId(Core.Log.TermAt(applied), applied), membership, appendedAt, Bytes: 1 << 16);
        Disk.Save(new SnapshotImage(snapshot, State));
        Core.SnapshotTaken(snapshot, now);
        if (applied.Value > trailing)
        {
            Disk.CompactTo(Core.Compact(new LogIndex(applied.Value - trailing), now));
            FollowLog();
        }

        return true;
    }

    private void Persist(PersistOrder order)
    {
        var entries = new LogEntry[order.HasEntries ? (int)(order.Last.Index - order.First + 1) : 0];
        for (int i = 0; i < entries.Length; i++)
        {
            LogEntry? entry = Find(order.First + (ulong)i);
            Invariant.Check(entry is not null && Core.Log.Contains(entry.Value.Id), order, order.First + (ulong)i);
            entries[i] = entry.Value;
        }

        SnapshotImage? install = null;
        if (order.Install is not null)
        {
            install = _received ?? Disk.Snapshot;
            Invariant.Check(install is not null && install.Snapshot.Last == order.Install.Last);
            _received = null;
            State = install.State.Applied > State.Applied ? install.State : State;
        }

        Disk.Write(new DiskWrite(order, entries, install));
    }

    private void ApplyThrough(LogIndex commit)
    {
        while (State.Applied < commit)
        {
            LogEntry? entry = Find(State.Applied.Next);
            Invariant.Check(entry is not null, State.Applied, commit);
            State = State.Apply(entry.Value);
            OnApplied?.Invoke(this, entry.Value);
        }
    }

    private void Store(in LogEntry entry)
    {
        if (entry.Id.Index <= _logStart.Index || !Core.Log.Contains(entry.Id))
        {
            return;
        }

        ulong offset = entry.Id.Index.Value - _logStart.Index.Value - 1;

        // What the core has appended itself is told by the next Ready; until then its place is kept by what is no entry.
        while (offset > (ulong)_log.Count)
        {
            _log.Add(new LogEntry(new EntryId(new Term(ulong.MaxValue), _logStart.Index + (ulong)_log.Count + 1), 0, 0, null));
        }

        if (offset == (ulong)_log.Count)
        {
            _log.Add(entry);
        }
        else
        {
            _log[(int)offset] = entry;
        }
    }

    // The mirror holds what the core's log names, and nothing else: entries of a truncated suffix are gone with it.
    private void FollowLog()
    {
        EntryId start = Core.Log.Base;
        if (start.Index > _logStart.Index)
        {
            ulong gone = start.Index - _logStart.Index;
            if (gone <= (ulong)_log.Count && (gone == 0 || _log[(int)gone - 1].Id == start))
            {
                _log.RemoveRange(0, (int)gone);
            }
            else
            {
                _log.Clear();
            }

            _logStart = start;
        }

        while (_log.Count > 0 && !Core.Log.Contains(_log[^1].Id))
        {
            _log.RemoveAt(_log.Count - 1);
        }
    }
}
