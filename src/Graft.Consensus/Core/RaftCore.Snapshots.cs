namespace Graft.Consensus;

// Snapshots: thesis §5. The core offers, receives, installs and compacts; the bytes travel outside.
public sealed partial class RaftCore
{
    private (Snapshot Snapshot, NodeId From, long Bytes)? _receiving;
    private bool _isReceivingNew;
    private EntryId? _abandoned;

    private void OfferSnapshot(LeaderState leader, Progress progress)
    {
        bool isUnfetched = progress.SnapshotBytes == 0 && _now - progress.LastAdvance >= _options.ElectionTimeout;
        if (isUnfetched && _snapshot!.Last.Index > progress.Snapshot!.Last.Index)
        {
            // Nothing of the older one has arrived, and by now it may have been deleted.
            progress.BecomeSnapshot(_snapshot, _now);
        }

        progress.IsOfferDue = false;
        Send(Draft(MessageKind.InstallSnapshot, progress.Id, progress.Incarnation) with
        {
            Flags = progress.IsWitness ? MessageFlags.HeadersOnly : MessageFlags.None,
            Snapshot = progress.Snapshot,
            Round = leader.Rounds.Current,
        });
    }

    private StepOutcome HandleInstallSnapshotReply(in Message m)
    {
        StepOutcome heard = Hear(m, out LeaderState? leader, out Progress? progress);
        if (heard != StepOutcome.Accepted)
        {
            return heard;
        }

        ConfirmRound(leader!, progress!, m.Round);
        if (progress!.State != ProgressState.Snapshot || progress.Snapshot!.Last != m.Entry)
        {
            return StepOutcome.Stale;
        }

        if (m.Reason == MessageReason.OtherLogKind)
        {
            progress.BecomeUnfit(_now);
            return StepOutcome.Accepted;
        }

        if (m.Bytes > progress.SnapshotBytes)
        {
            progress.SnapshotBytes = m.Bytes;
            progress.LastAdvance = _now;
        }

        return StepOutcome.Accepted;
    }

    private StepOutcome HandleInstallSnapshot(in Message m, FollowerState follower)
    {
        Snapshot offered = m.Snapshot!;
        if (IsOfOtherLogKind(m))
        {
            // Also when it would replace our whole log. That would be sound, but a leader comes to offer a snapshot only
            // after appends, which we refuse: a rule with a way around it that nobody can take is two rules.
            Send(Draft(MessageKind.InstallSnapshotReply, m) with { Reason = MessageReason.OtherLogKind, Entry = offered.Last });
            return StepOutcome.Accepted;
        }

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
            DecideLogKind(KindOf(m));
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

    /// <summary>Drops the log up to <paramref name="through"/>, as far as the newest snapshot covers it and the log is durable.</summary>
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
