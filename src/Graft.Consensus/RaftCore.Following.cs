namespace Graft.Consensus;

// The receiver's side of replication: thesis §3.5, §3.6, §5 for snapshots.
public sealed partial class RaftCore
{
    private (Snapshot Snapshot, NodeId From, long Bytes)? _receiving;
    private bool _isReceivingNew;
    private EntryId? _abandoned;

    private StepOutcome HandleAppendEntries(in Message m, FollowerState follower)
    {
        if (m.ToIncarnation == _options.Incarnation)
        {
            _repair?.HearCommit(m.Term, m.Commit);
        }

        EntryId previous = m.Previous;
        if (previous.Index < _commit)
        {
            // Committed entries are in every leader's log, so up to here we agree whatever was compacted. Looked up
            // instead, a compacted index would read as a conflict, and the suffix behind it would go.
            LogIndex shared = LogIndex.Min(_commit, m.Last);
            if (shared > previous.Index && shared >= _log.Base.Index && _log.TermAt(shared) != m.EntriesTerm)
            {
                return StepOutcome.ContradictsCommitted;
            }

            if (m.Last <= _commit)
            {
                OweAcknowledgement(follower, m);
                return StepOutcome.Accepted;
            }

            previous = new EntryId(_log.TermAt(_commit), _commit);
        }
        else if (!_log.Contains(previous) && !Planted.PreviousNotChecked)
        {
            if (previous.Index == _commit)
            {
                return StepOutcome.ContradictsCommitted;
            }

            RefuseAppend(m, previous);
            return StepOutcome.Accepted;
        }

        AppendReceived(m, LogIndex.Min(previous.Index, _log.Last.Index));
        follower.Verified = LogIndex.Max(follower.Verified, LogIndex.Min(m.Last, _log.Last.Index));
        OweAcknowledgement(follower, m);
        LearnCommit(m.Commit, follower);
        return StepOutcome.Accepted;
    }

    // Only an entry with another term is a conflict, and only what follows one is dropped. An older, shorter copy of an
    // append matches, and leaves what came after it alone: that has been acknowledged (thesis §3.5).
    private void AppendReceived(in Message m, LogIndex previous)
    {
        LogIndex? conflict = _log.FirstConflict(previous, m.Last, m.EntriesTerm);
        if (Planted.ConflictIgnored)
        {
            conflict = null;
        }

        if (Planted.MatchingSuffixTruncated && m.EntryCount > 0 && previous < _log.Last.Index && previous >= _commit)
        {
            conflict = previous.Next;
        }

        if (conflict is { } first)
        {
            TruncateAfter(first.Previous);
        }

        if (m.Last > _log.Last.Index)
        {
            _log.Append(Planted.ConflictIgnored ? Max(m.EntriesTerm, _log.Last.Term) : m.EntriesTerm, m.Last - _log.Last.Index);
            if (m.Membership is { } membership)
            {
                _memberships.Append(m.Last, membership);
            }

            if (_follower is { } follower)
            {
                follower.IsStandingOnceDurable = false;
            }
        }
    }

    private static Term Max(Term left, Term right) => left > right ? left : right;

    private void TruncateAfter(LogIndex last)
    {
        Invariant.Check(last >= _commit || Planted.MatchingSuffixTruncated, last, _commit);
        _log.TruncateAfter(last);
        if (!Planted.TruncationKeepsMembership)
        {
            _memberships.TruncateAfter(last);
        }

        if (_ordered > last)
        {
            _ordered = last;
            _truncateAfter = LogIndex.Min(last, _truncateAfter ?? last);
        }

        _durable = LogIndex.Min(_durable, last);
        if (_follower is { } follower)
        {
            follower.Verified = LogIndex.Min(follower.Verified, last);
        }
    }

    private void RefuseAppend(in Message m, EntryId previous)
    {
        // The last place where the two logs may still agree: at or below the refused one, of no later term. With it the
        // leader skips a whole term per answer.
        EntryId hint = _log.LastAtOrBelow(previous.Index, previous.Term);
        Send(Draft(MessageKind.AppendEntriesReply, m) with
        {
            Reason = MessageReason.LogMismatch,
            Entry = hint.Index < _commit ? new EntryId(_log.TermAt(_commit), _commit) : hint,
            Last = previous.Index,
            Sequence = m.Sequence,
        });
    }

    private void OweAcknowledgement(FollowerState follower, in Message m)
    {
        follower.IsAcknowledgementOwed = true;
        follower.Round = Math.Max(follower.Round, m.Round);
        Acknowledge(follower);
    }

    // Says what is durable here and equal to the leader's log: no more than was verified, or a stale tail would count
    // towards a commit; no more than is durable, or a crash would take it back (thesis §3.8).
    private void Acknowledge(FollowerState follower)
    {
        if (!follower.IsAcknowledgementOwed || follower.Leader is not { } leader)
        {
            return;
        }

        LogIndex match = LogIndex.Min(_durable, follower.Verified);
        if (Planted.AcknowledgedBeforeDurable)
        {
            match = follower.Verified;
        }

        if (Planted.AcknowledgesWholeLog)
        {
            match = _durable;
        }

        bool isAll = match >= follower.Verified;
        if (!isAll && match <= follower.Acknowledged)
        {
            return;
        }

        follower.IsAcknowledgementOwed = !isAll;
        follower.Acknowledged = match;
        Send(new Message
        {
            Kind = MessageKind.AppendEntriesReply,
            Flags = MessageFlags.Granted,
            Cluster = _options.Cluster,
            From = _self,
            FromIncarnation = _options.Incarnation,
            To = leader,
            ToIncarnation = follower.LeaderIncarnation,
            Term = _term,
            Last = match,
            Round = follower.Round,
        });
    }

    private StepOutcome HandleHeartbeat(in Message m, FollowerState follower)
    {
        LearnCommit(m.Commit, follower);

        // A notice between rounds is answered by nobody.
        if (m.Round > 0)
        {
            Send(Draft(MessageKind.HeartbeatReply, m));
        }

        return StepOutcome.Accepted;
    }

    // Never beyond what this leader has verified: our own tail behind that may be another history (thesis §3.5).
    private void LearnCommit(LogIndex leaderCommit, FollowerState follower)
    {
        LogIndex commit = LogIndex.Min(leaderCommit, Planted.CommitBeyondVerified ? _log.Last.Index : follower.Verified);
        if (commit > _commit)
        {
            _commit = commit;
            OnCommitAdvanced();
        }
    }

    private void OnCommitAdvanced()
    {
        if (_receiving is { } receiving && receiving.Snapshot.Last.Index <= _commit)
        {
            AbandonSnapshot();
        }

        if (_repair is not null)
        {
            TryEndRepair();
        }
    }

    private StepOutcome HandleInstallSnapshot(in Message m, FollowerState follower)
    {
        Snapshot offered = m.Snapshot!;
        if (offered.Last.Index <= _commit)
        {
            if (offered.Last.Index >= _log.Base.Index && !_log.Contains(offered.Last))
            {
                return StepOutcome.ContradictsCommitted;
            }

            // We have all of it. Saying so is the answer.
            OweAcknowledgement(follower, m);
            return StepOutcome.Accepted;
        }

        if (_log.Contains(offered.Last))
        {
            // A snapshot is of committed state and we hold its last entry, so we hold all that it covers.
            follower.Verified = LogIndex.Max(follower.Verified, offered.Last.Index);
            OweAcknowledgement(follower, m);
            LearnCommit(offered.Last.Index, follower);
            return StepOutcome.Accepted;
        }

        if (_receiving is null || _receiving.Value.Snapshot.Last != offered.Last)
        {
            AbandonSnapshot();
            _receiving = (offered, m.From, 0);
            _isReceivingNew = true;
        }

        Send(Draft(MessageKind.InstallSnapshotReply, m) with
        {
            Reason = MessageReason.Receiving,
            Entry = offered.Last,
            Bytes = _receiving.Value.Bytes,
        });
        return StepOutcome.Accepted;
    }

    /// <summary>The host has received this much of the snapshot that it was told to fetch. The leader's patience counts from it.</summary>
    public void SnapshotProgress(EntryId snapshot, long bytes, Instant now)
    {
        Observe(now);
        if (_receiving is { } receiving && receiving.Snapshot.Last == snapshot)
        {
            _receiving = receiving with { Bytes = Math.Max(receiving.Bytes, bytes) };
        }
    }

    /// <summary>The host couldn't get the snapshot. A further offer begins anew.</summary>
    public void SnapshotFailed(EntryId snapshot, Instant now)
    {
        Observe(now);
        if (_receiving is { } receiving && receiving.Snapshot.Last == snapshot)
        {
            _receiving = null;
            _isReceivingNew = false;
        }
    }

    /// <summary>The whole snapshot is here, verified and durable under its own name.</summary>
    /// <returns>False if it isn't wanted any more; the host may delete it.</returns>
    /// <remarks>
    /// It replaces the state by the <see cref="PersistOrder.Install"/> of the next <see cref="Ready"/>, and the log with it,
    /// unless the log holds the snapshot's last entry: then what follows it stays, since it may have been acknowledged.
    /// </remarks>
    public bool SnapshotReceived(EntryId snapshot, Instant now)
    {
        Observe(now);
        if (_isStopped || _receiving is not { } receiving || receiving.Snapshot.Last != snapshot)
        {
            return false;
        }

        _receiving = null;
        _isReceivingNew = false;
        if (snapshot.Index <= _commit && !Planted.OldSnapshotInstalled)
        {
            return false;
        }

        Install(receiving.Snapshot);
        return true;
    }

    private void Install(Snapshot snapshot)
    {
        bool keepsLog = (_log.Contains(snapshot.Last) || (Planted.InstallKeepsConflictingLog && snapshot.Last.Index < _log.Last.Index))
            && !Planted.InstallDropsMatchingLog;
        if (!keepsLog)
        {
            ReplaceLog(snapshot);
        }

        _install = snapshot;
        _snapshot = snapshot;
        _commit = LogIndex.Max(_commit, snapshot.Last.Index);
        if (_follower is { } follower)
        {
            follower.Verified = LogIndex.Max(follower.Verified, snapshot.Last.Index);
            follower.IsAcknowledgementOwed = true;
            follower.IsStandingOnceDurable = false;
        }

        OnCommitAdvanced();
    }

    private void ReplaceLog(Snapshot snapshot)
    {
        _log.Reset(snapshot.Last);
        _truncateAfter = null;
        _ordered = snapshot.Last.Index;
        _installResetsLog = true;

        // The disk still holds the old log; of the new one it holds nothing until the order is done.
        _durable = LogIndex.Min(_durable, _commit);
        if (_follower is { } follower)
        {
            follower.Verified = LogIndex.Min(follower.Verified, _commit);
        }

        if (!Planted.InstallKeepsMembership)
        {
            _memberships.Reset(snapshot.MembershipIndex, snapshot.Membership);
        }
    }

    private void AbandonSnapshot()
    {
        if (_receiving is { } receiving)
        {
            // A snapshot that the host hasn't been told of yet needs no call off.
            _abandoned = _isReceivingNew ? _abandoned : receiving.Snapshot.Last;
            _receiving = null;
            _isReceivingNew = false;
        }
    }

    private StepOutcome HandleTimeoutNow(in Message m, FollowerState follower)
    {
        // The leader sends it when our log equals its own. If it doesn't (any more), the call is old: that leader has
        // gone on, and our standing would only cost it its term.
        if (!MayCampaign || _log.Last.Index != m.Last)
        {
            return StepOutcome.Stale;
        }

        if (_durable == _log.Last.Index)
        {
            BecomeCandidate(isTransfer: true);
        }
        else
        {
            follower.IsStandingOnceDurable = true;
        }

        return StepOutcome.Accepted;
    }

    /// <summary>Takes note of a snapshot that the host has made and stored durably, so that it can be offered.</summary>
    /// <exception cref="ArgumentException">It ends above what is committed, or at an entry that the log doesn't hold.</exception>
    public void SnapshotTaken(Snapshot snapshot, Instant now)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        Observe(now);
        if (snapshot.Last.Index > _commit)
        {
            throw new ArgumentException($"The snapshot ends at {snapshot.Last}, above the commit index {_commit}.", nameof(snapshot));
        }

        if (_snapshot is { } newest && newest.Last.Index >= snapshot.Last.Index)
        {
            return;
        }

        if (!_log.Contains(snapshot.Last))
        {
            throw new ArgumentException($"The snapshot ends at {snapshot.Last}, which this log doesn't hold.", nameof(snapshot));
        }

        _snapshot = snapshot;
    }

    /// <summary>Drops the log up to <paramref name="through"/>, as far as the newest snapshot covers it.</summary>
    /// <returns>Where the log begins now: what the host may free.</returns>
    public LogIndex Compact(LogIndex through, Instant now)
    {
        Observe(now);
        LogIndex limit = LogIndex.Min(_snapshot?.Last.Index ?? LogIndex.Zero, LogIndex.Min(_durable, _ordered));
        through = LogIndex.Min(through, limit);
        if (through > _log.Base.Index)
        {
            _log.CompactTo(through);
            _memberships.CompactTo(through);
        }

        return _log.Base.Index;
    }
}
