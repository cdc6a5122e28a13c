using Graft.Consensus;

namespace Graft.Simulation.Core;

// One input of one core at a time, and everything that the core asks for afterwards.
public sealed partial class World
{
    private void Step(SimNode node, in SimEvent e)
    {
        if (e.Kind == EventKind.Deliver)
        {
            Deliver(node, e.Argument);
            return;
        }

        if (node.Host is not { } host)
        {
            return;
        }

        Instant now = Now(node);
        NotePause(node, host, now);
        VouchForAll(node, host, now);
        switch (e.Kind)
        {
            case EventKind.Tick:
                if (e.Argument != node.TickVersion)
                {
                    return;
                }

                node.TickAt = long.MaxValue;
                long due = node.Clock.TimeOf(host.Core.NextDeadline);
                if (due > _time)
                {
                    ScheduleTick(node, host);
                    return;
                }

                Trace(node.Slot, "tick");
                host.Core.Tick(now);
                break;
            case EventKind.DiskDone:
                if (!CompleteWrite(node, host, e.Argument, now))
                {
                    return;
                }

                break;
            case EventKind.Load:
                Load(node, host, _slab.Take(e.Argument).Message, now);
                break;
            case EventKind.Turn:
                node.IsTurnDue = false;
                Turn(node, host);
                return;
            case EventKind.Fetch:
                if (!Fetch(node, host, now))
                {
                    return;
                }

                break;
            case EventKind.Watch:
                if (e.Argument != node.WatchVersion)
                {
                    return;
                }

                Watch(node, host, now);
                break;
            case EventKind.ApplyAgain:
                host.IsApplyHeld = false;
                Trace(node.Slot, "applies again");
                break;
            default:
                if (!StepForHost(node, host, e, now))
                {
                    return;
                }

                break;
        }

        Conclude(node, host, e);
    }

    private void Deliver(SimNode node, ulong slot)
    {
        Envelope envelope = _slab.Take(slot);
        if (node.Host is not { } host || (_act > 1 && _network.IsCut((int)envelope.Message.From.Value, node.Slot)))
        {
            return;
        }

        if (_trace is not null)
        {
            Trace(node.Slot, $"<- {envelope.Message}");
        }

        Instant now = Now(node);
        NotePause(node, host, now);
        VouchForAll(node, host, now);
        StepOutcome outcome = host.Receive(envelope, now);
        NoteOutcome(node, host, envelope.Message, outcome);
        Mix(((ulong)envelope.Message.Kind << 8) | (ulong)outcome);
        Conclude(node, host, new SimEvent(_time, 0, EventKind.Deliver, (byte)node.Slot, 0, 0));
    }

    // What the core takes for a pause of its process: it forgives itself the silence of that time.
    private void NotePause(SimNode node, CoreNode host, Instant now)
    {
        if (now - host.Core.NextDeadline > _options.ElectionTimeout / 4)
        {
            node.PausedAt = now;
            if (node.HasOpenTransfer)
            {
                node.TransferEndsBy = Instant.Later(node.TransferEndsBy, now + (_options.ElectionTimeout * 2));
            }
        }
    }

    private void Conclude(SimNode node, CoreNode host, in SimEvent e)
    {
        _events++;
        if (_options.BatchedPerMille > 0 && _hostRandom.Chance(_options.BatchedPerMille))
        {
            CheckCore(node, host);
            if (!node.IsTurnDue)
            {
                node.IsTurnDue = true;
                _queue.Add(_time + 1 + (long)_hostRandom.NextBelow((ulong)Math.Max(1, _t / 200)), EventKind.Turn, node.Slot, node.Life, 0);
            }
        }
        else
        {
            Turn(node, host);
        }

        RaftCore core = host.Core;
        Mix((ulong)_time ^ ((ulong)e.Kind << 56) ^ ((ulong)node.Slot << 48));
        Mix(core.Term.Value ^ (core.CommitIndex.Value << 20) ^ (core.Log.Last.Index.Value << 40) ^ ((ulong)core.Role << 62));
    }

    private void CheckCore(SimNode node, CoreNode host)
    {
        RaftCore core = host.Core;
        core.CheckInvariants();
        node.Invariants!.Check(core);
        _cluster.Check(core);
        _ledger.NoteCommitted(core.CommitIndex);
        if (core.Role == Role.Leader && core.CommitIndex > node.KnownCommit)
        {
            Violation.Unless(
                !node.WasLeader || core.Log.TermAt(core.CommitIndex) == core.Term,
                "a leader commits by counting only what is of its own term",
                (node.Id, core.Term),
                (core.CommitIndex, core.Log.TermAt(core.CommitIndex)));
        }

        // Its leader only appends and so do its logs; one that leads a later term may take entries back.
        Violation.Unless(
            core.Term != node.AcknowledgedIn || core.Log.Last.Index >= node.Acknowledged,
            "what is acknowledged stays in the log for the leader's whole term",
            (node.Id, core.Term, core.Log.Last),
            node.Acknowledged);
        node.KnownCommit = core.CommitIndex;
        if (!node.IsWitness)
        {
            _ledger.CheckState(node.Id, host.State);
        }
    }

    // An acknowledgement says "equal to yours": while that leader lives, both logs can be looked at.
    private void CheckAcknowledgement(SimNode node, CoreNode host, in Message message)
    {
        if (message.Kind != MessageKind.AppendEntriesReply || !message.IsGranted)
        {
            return;
        }

        // An answer that waited for its order may be older, of an earlier term even, than one that has left.
        LogIndex before = node.AcknowledgedIn == message.Term ? node.Acknowledged : LogIndex.Zero;
        if (message.Term >= node.AcknowledgedIn)
        {
            (node.AcknowledgedIn, node.Acknowledged) = (message.Term, LogIndex.Max(before, message.Last));
        }

        if (_nodes[(int)message.To.Value].Host is not { } leader
            || leader.Core.Role != Role.Leader || leader.Core.Term != message.Term || message.ToIncarnation != leader.Options.Incarnation)
        {
            return;
        }

        TermRuns theirs = leader.Core.Log;
        TermRuns ours = host.Core.Log;
        Violation.Unless(message.Last <= theirs.Last.Index, "nobody acknowledges what was never sent", (node.Id, message), theirs.Last);
        Violation.Unless(
            message.Last < theirs.Base.Index || !ours.Contains(message.Last) || theirs.TermAt(message.Last) == ours.TermAt(message.Last),
            "what is acknowledged equals the leader's log",
            (node.Id, message),
            ours.Last);
    }

    private void Turn(SimNode node, CoreNode host)
    {
        // The state machine may run as soon as the core has committed, so what is committed is known before the Turn.
        _ledger.NoteCommitted(host.Core.CommitIndex);
        Ready ready = host.Turn(Now(node));
        CheckCore(node, host);
        if (!ready.IsEmpty)
        {
            NoteReady(node, host, ready);
            if (ready.Persist is { } order)
            {
                ScheduleWrite(node, order);
            }

            if (host.Wanted is { } wanted && wanted.Snapshot.Last != node.Fetching)
            {
                BeginFetch(node, wanted.Snapshot.Last);
            }
        }

        SendAll(node, host);
        if (node.HandInBy > 0 || node.IsToSnapshotMidstream)
        {
            CatchMoment(node, host);
        }

        if (host.EndedReads.Count > 0)
        {
            EndReads(node, host);
        }

        if (host.EndedTransfers.Count > 0)
        {
            EndTransfers(node, host);
        }

        node.IsTransferNew = false;

        FollowRest(node, host);
        ScheduleTick(node, host);
    }

    private void SendAll(SimNode node, CoreNode host)
    {
        List<Message> outbox = host.Outbox;
        for (int i = 0; i < outbox.Count; i++)
        {
            Message message = outbox[i];
            _cluster.CheckSent(message);
            PromiseCheck.Check(message, host.Core, host.Disk);
            CheckAcknowledgement(node, host, message);
            if (message.Kind == MessageKind.AppendEntries && message.EntryCount > 0
                && _options.SlowLoadPerMille > 0 && _act == 1 && _hostRandom.Chance(_options.SlowLoadPerMille))
            {
                // Its entries come from a disk, and its log goes on meanwhile.
                _tally.Hit(FaultKind.SlowLoad);
                long delay = 1 + (long)_hostRandom.NextBelow((ulong)(_hostRandom.Chance(100) ? _t * 2 : Math.Max(1, _t / 20)));
                _queue.Add(_time + delay, EventKind.Load, node.Slot, node.Life, _slab.Put(new Envelope(message, [])));
            }
            else
            {
                Load(node, host, message, Now(node));
            }
        }

        outbox.Clear();
    }

    private void Load(SimNode node, CoreNode host, in Message message, Instant now)
    {
        if (message.HostClips)
        {
            _tally.Hit(Probe.HostClipped);
        }

        if (!host.TryLoad(message, now, out Envelope envelope))
        {
            _tally.Hit(Probe.LoadedTooLate);
            return;
        }

        Send(node, envelope);
    }

    private void Send(SimNode node, in Envelope envelope)
    {
        ulong to = envelope.Message.To.Value;
        if (to >= (ulong)_nodes.Count)
        {
            return;
        }

        int copies = _network.Route(node.Slot, (int)to, _time, out long first, out long second);
        if (_trace is not null)
        {
            Trace(node.Slot, $"-> {envelope.Message}{(copies == 0 ? " (lost)" : copies == 2 ? " (twice)" : "")}");
        }

        if (IsHeld(envelope.Message) && !_network.IsCut(node.Slot, (int)to))
        {
            _held.Add(envelope);
            return;
        }

        if (copies > 0)
        {
            _queue.Add(first, EventKind.Deliver, (int)to, 0, _slab.Put(envelope));
        }

        if (copies > 1)
        {
            _queue.Add(second, EventKind.Deliver, (int)to, 0, _slab.Put(envelope));
        }

        if (_options.MisdeliverPerTenThousand > 0 && _act == 1 && copies > 0 && _hostRandom.NextBelow(10_000) < (ulong)_options.MisdeliverPerTenThousand)
        {
            Misdeliver(envelope, first);
        }
    }

    // An address that was given to another node, or two clusters that were given one address.
    private void Misdeliver(in Envelope envelope, long at)
    {
        _tally.Hit(FaultKind.Misdelivery);
        bool isForeign = _hostRandom.Chance(500);
        Envelope stray = isForeign ? envelope with { Message = envelope.Message with { Cluster = new ClusterId(2) } } : envelope;
        int to = isForeign ? (int)envelope.Message.To.Value : _hostRandom.Next(0, _nodes.Count - 1);
        _queue.Add(at + 1, EventKind.Deliver, to, 0, _slab.Put(stray));
    }

    // One tick event per node is enough: a deadline that moves away is found out when the event comes.
    private void ScheduleTick(SimNode node, CoreNode host)
    {
        Instant deadline = host.Core.NextDeadline;
        if (deadline == node.TickFor && node.TickAt != long.MaxValue)
        {
            return;
        }

        long at = Math.Max(node.Clock.TimeOf(deadline), _time + 1);
        if (at == long.MaxValue || at >= node.TickAt)
        {
            return;
        }

        if (_options.LateTickPerMille > 0 && _act == 1 && _hostRandom.Chance(_options.LateTickPerMille))
        {
            _tally.Hit(FaultKind.LateTick);
            at += (long)_hostRandom.NextBelow((ulong)(_t / 2));
        }

        node.TickFor = deadline;
        node.TickAt = at;
        _queue.Add(at, EventKind.Tick, node.Slot, node.Life, ++node.TickVersion);
    }

    private void Start(SimNode node)
    {
        if (node.Host is not null || node.IsWiped || node.IsRetired)
        {
            return;
        }

        node.Life++;
        if (node.Disk.Snapshot is { } image && node.Disk.Last.Index < image.Snapshot.Last.Index)
        {
            _tally.Hit(Probe.RestartFoundLogBehindSnapshot);
        }

        NodeId id = node.Id;
        CoreNode host = new(node.Disk, incarnation => _options.ForCore(id, incarnation), Now(node), (_, entry) => OnApplied(node, entry));
        node.Host = host;
        node.Invariants = new StepInvariants(host.Core);
        node.TickAt = long.MaxValue;
        node.TickFor = Instant.Never;
        node.Ordered = 0;
        node.DiskFreeAt = _time;
        node.IsTurnDue = false;
        node.IsStopped = false;
        node.RestsUnder = null;
        node.WatchVersion++;
        node.WasLeader = false;
        node.KnownCommit = host.Core.CommitIndex;
        node.IsRepairing = node.IsDamaged;
        if (node.IsDamaged)
        {
            _tally.Hit(Probe.RepairBegun);
        }

        Trace(node.Slot, $"started as {node.Disk.Incarnation}, log ends at {host.Core.Log.Last}, commit {host.Core.CommitIndex}{(node.IsDamaged ? ", damaged" : "")}");
        Turn(node, host);
    }

    /// <summary>The process dies: its memory is gone, and of what its disk owed it keeps some of the oldest.</summary>
    private void Crash(SimNode node, long downFor)
    {
        if (node.Host is null)
        {
            return;
        }

        _tally.Hit(FaultKind.Crash);
        int pending = node.Disk.Pending.Count;
        int kept = _diskRandom.Next(0, 9) switch
        {
            < 5 => 0,
            < 7 => pending,
            _ => _diskRandom.Next(0, pending),
        };
        if (pending > kept)
        {
            _tally.Hit(Probe.CrashLostWrites);
            for (int i = kept; i < pending; i++)
            {
                if (node.Disk.Pending[i].Install is not null)
                {
                    _tally.Hit(Probe.InstallLostInCrash);
                }
            }
        }

        if (kept > 0)
        {
            _tally.Hit(Probe.CrashKeptSomeWrites);
        }

        if (node.IsLeader)
        {
            _tally.Hit(Probe.CrashOfLeader);
        }

        Trace(node.Slot, $"crashes, {kept} of {pending} writes kept");
        node.Disk.Crash(kept);
        Forget(node);
        if (downFor >= 0)
        {
            _queue.Add(_time + 1 + downFor, EventKind.Restart, node.Slot, node.Life, 0);
            if (downFor < _t)
            {
                _tally.Hit(Probe.RestartWithinElectionTimeout);
            }
        }
    }

    private void Forget(SimNode node)
    {
        (node.HandIn, node.HandInBy, node.IsToSnapshotMidstream, node.IsTransferNew) = (HandIn.AtOnce, 0, false, false);
        node.AcknowledgedIn = Term.Zero;
        node.Host = null;
        node.Life++;
        foreach (SimEvent e in node.Backlog)
        {
            if (e.Kind is EventKind.Deliver or EventKind.Load)
            {
                _slab.Take(e.Argument);
            }
        }

        node.Backlog.Clear();
        node.IsPaused = false;
        node.Reads.Clear();
        node.Proposals.Clear();
        node.HasOpenTransfer = false;
        node.Fetching = null;
        node.StalledUntil = 0;
        node.TickAt = long.MaxValue;
    }

    private void Pause(SimNode node, long length)
    {
        if (node.Host is null || node.IsPaused)
        {
            return;
        }

        _tally.Hit(FaultKind.Pause);
        if (node.IsLeader)
        {
            _tally.Hit(Probe.PauseOfLeader);
        }

        Trace(node.Slot, "pauses");
        node.IsPaused = true;
        node.PausedAt = Now(node);
        _queue.Add(_time + 1 + length, EventKind.Resume, node.Slot, node.Life, 0);
    }

    // What waited is worked off in a burst, in the order in which it came, except that a timer may overtake it.
    private void Resume(SimNode node)
    {
        if (!node.IsPaused)
        {
            return;
        }

        Trace(node.Slot, $"resumes with {node.Backlog.Count} events waiting");
        node.IsPaused = false;
        SimEvent[] backlog = [.. node.Backlog];
        node.Backlog.Clear();
        if (backlog.Length > 1 && _hostRandom.Chance(300))
        {
            int overtaker = _hostRandom.Next(0, backlog.Length - 1);
            (backlog[0], backlog[overtaker]) = (backlog[overtaker], backlog[0]);
        }

        foreach (SimEvent e in backlog)
        {
            // Through the queue's rules again: a step may have ended this life.
            Dispatch(e with { At = _time });
        }
    }

    private void OnApplied(SimNode node, in LogEntry entry)
    {
        _ledger.NoteApplied(node.Id, entry, node.IsWitness);
        while (node.Proposals.TryPeek(out EntryId oldest) && oldest.Index <= entry.Id.Index)
        {
            node.Proposals.Dequeue();
            if (oldest == entry.Id)
            {
                _ledger.NoteAcknowledged(oldest.Index);
            }
            else
            {
                _tally.Hit(Probe.ProposalLost);
            }
        }
    }
}
