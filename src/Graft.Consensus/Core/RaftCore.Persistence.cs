namespace Graft.Consensus;

// What may leave now, and what only behind which durability (thesis §3.8, §10.2.1; docs/internals/protocol.md, "Durability").
public sealed partial class RaftCore
{
    private readonly PersistQueue _persist = new();
    private readonly List<(ulong Behind, Message Message)> _promises = [];
    private Batch<Message> _outbox = new();

    private LogIndex _durable;

    // The end of the log as the orders given so far leave it on disk.
    private LogIndex _ordered;
    private LogIndex? _truncateAfter;
    private Snapshot? _install;
    private bool _installResetsLog;
    private bool _isHardStateDirty;

    // The order that makes the current term and vote durable; 0: they are.
    private ulong _hardStateIn;

    // The order that makes the kind of the log durable.
    private ulong _logKindIn;

    /// <summary>A promise more than this many is forgotten, which the other side can't tell from a lost message.</summary>
    private const int PromisesMax = 1024;

    private bool HasUnordered =>
        _isHardStateDirty || _ordered < _log.Last.Index || _truncateAfter is not null || _install is not null;

    /// <summary>A flush that covers the order of this receipt has succeeded.</summary>
    /// <returns>False if the receipt fits no outstanding order; nothing changed then.</returns>
    public bool Persisted(PersistReceipt receipt, Instant now)
    {
        Observe(now);
        if (_isStopped || !_persist.Complete(receipt))
        {
            return false;
        }

        LogIndex before = _durable;
        bool isAdvanced = false;
        while (_persist.TryAdvance(out EntryId last, out LogIndex ceiling))
        {
            isAdvanced = true;

            // What a truncation, ordered or still to be ordered, will take away again doesn't count as stored.
            LogIndex believed = LogIndex.Min(last.Index, LogIndex.Min(ceiling, _truncateAfter ?? last.Index));
            if (Planted.LateReceiptCounts)
            {
                believed = last.Index;
            }

            if (_install is not null && _installResetsLog)
            {
                continue;
            }

            _durable = LogIndex.Max(_durable, LogIndex.Min(believed, _log.Last.Index));
        }

        if (isAdvanced)
        {
            OnDurable(before);
        }

        return true;
    }

    /// <summary>
    /// A write or flush of the log failed, so nothing on it can be trusted to get durable any more: this core speaks once
    /// more, to hand leadership over, and never again.
    /// </summary>
    public void StorageFailed(Instant now)
    {
        Observe(now);
        if (_isStopped)
        {
            return;
        }

        // Leaving tells the best follower to stand now. Without it, followers that still believe in us would refuse each
        // other for an election timeout.
        if (_leader is { } leader)
        {
            NodeId? successor = BestSuccessor(leader);
            if (successor is { } target)
            {
                SendTimeoutNow(leader, target, isLeaving: true);
            }

            BecomeFollower(_term, leader: null);
        }

        BecomeFollower(_term, leader: null);
        _promises.Clear();
        _isStopped = true;
        _electionAt = Instant.Never;

        // Nothing that waits for an answer would ever get one.
        EndReads(ReadOutcome.Stopped);
        EndHandover(TransferOutcome.Stopped);
    }

    private void OnDurable(LogIndex before)
    {
        ReleasePromises();
        if (_persist.CompletedThrough >= _hardStateIn && !_isHardStateDirty)
        {
            _hardStateIn = 0;
        }

        if (_repair is not null)
        {
            TryEndRepair();
        }

        if (_leader is { } leader)
        {
            if (_durable > before && leader.Self is { } self && self.TryAcknowledge(_durable, _now))
            {
                AdvanceCommit(leader);
            }
        }
        else if (_candidate is { IsPreVote: false } candidate && _persist.CompletedThrough >= candidate.OwnVoteIn)
        {
            candidate.Tally.Note(_self, granted: true);
            ConcludeCampaign(candidate);
        }
        else if (_follower is { } follower)
        {
            Acknowledge(follower);
            if (follower.IsStandingOnceDurable && _durable == _log.Last.Index)
            {
                BecomeCandidate(isTransfer: true);
            }
        }
    }

    private void MarkHardStateChanged()
    {
        _isHardStateDirty = true;
        _hardStateIn = _persist.NextSequence;
    }

    // Once and for all. It becomes durable with the first entries, in one order, and no message rests on it alone.
    private void DecideLogKind(LogKind kind)
    {
        if (_logKind == LogKind.Undecided)
        {
            _logKind = kind;
            _isHardStateDirty = true;
            _logKindIn = _persist.NextSequence;
        }
    }

    private Message Draft(MessageKind kind, in Message answered) =>
        Draft(kind, answered.From, answered.FromIncarnation) with { Round = answered.Round };

    private Message Draft(MessageKind kind, NodeId to, Incarnation toIncarnation) => new()
    {
        Kind = kind,
        Cluster = _options.Cluster,
        From = _self,
        FromIncarnation = _options.Incarnation,
        To = to,
        ToIncarnation = toIncarnation,
        Term = _term,
    };

    // Whatever we say in a term says that we are in it: it leaves once term and vote are durable. One rule for all
    // messages is easier to trust than a list of those that are promises.
    private void Send(in Message message) => SendBehind(_hardStateIn, message);

    private void SendBehind(ulong behind, in Message message)
    {
        if (behind <= _persist.CompletedThrough || (Planted.VoteLeavesBeforeDurable && message.Kind == MessageKind.RequestVoteReply))
        {
            _outbox.Add(message);
        }
        else if (_promises.Count < PromisesMax)
        {
            _promises.Add((behind, message));
        }
    }

    private void ReleasePromises()
    {
        int kept = 0;
        for (int i = 0; i < _promises.Count; i++)
        {
            (ulong behind, Message message) = _promises[i];
            if (behind <= _persist.CompletedThrough)
            {
                _outbox.Add(message);
            }
            else
            {
                _promises[kept++] = _promises[i];
            }
        }

        _promises.RemoveRange(kept, _promises.Count - kept);
    }

    // A campaign that is over asks nobody for anything.
    private void DropCampaignMessages() =>
        _promises.RemoveAll(promise => promise.Message.Kind is MessageKind.PreVote or MessageKind.RequestVote);

    private void GivePersistOrder(Ready ready)
    {
        if (_isStopped || !HasUnordered)
        {
            return;
        }

        bool resetsLog = _install is not null && _installResetsLog;
        LogIndex first = LogIndex.Max(_ordered, _log.Base.Index).Next;
        var order = new PersistOrder(
            _persist.NextSequence,
            _isHardStateDirty ? new HardState(_term, _votedFor, _commit, _logKind) : null,
            _install,
            resetsLog,
            _truncateAfter,
            first,
            _log.Last);
        LogIndex ceiling = resetsLog ? LogIndex.Zero : _truncateAfter ?? new LogIndex(ulong.MaxValue);
        AddRuns(ready, first);
        _persist.Add(order, ceiling, _now);
        ready.Persist = order;
        _ordered = _log.Last.Index;
        _truncateAfter = null;
        _install = null;
        _installResetsLog = false;
        _isHardStateDirty = false;
    }

    private void AddRuns(Ready ready, LogIndex first)
    {
        LogIndex index = first;
        while (index <= _log.Last.Index)
        {
            TermRun run = _log.RunAt(index);
            ready.Runs.Add(run with { First = index });
            index = run.Last.Next;
        }
    }

    private void TryEndRepair()
    {
        LogIndex stored = LogIndex.Min(_commit, _durable);
        if (stored < _log.Base.Index || _durable < _log.Base.Index)
        {
            return;
        }

        var durableLast = new EntryId(_log.TermAt(_durable), _durable);
        if (_repair!.IsDone(durableLast, new EntryId(_log.TermAt(stored), stored), _term))
        {
            _repair = null;
        }
    }
}
