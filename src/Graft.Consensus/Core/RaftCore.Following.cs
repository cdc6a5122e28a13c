namespace Graft.Consensus;

// Being follower: receiving entries (thesis §3.5), acknowledging what is durable (§3.8), learning the commit index (§3.5).
public sealed partial class RaftCore
{
    private StepOutcome HandleAppendEntries(in Message m, FollowerState follower)
    {
        if (IsOfOtherLogKind(m))
        {
            Send(Draft(MessageKind.AppendEntriesReply, m) with
            {
                Reason = MessageReason.OtherLogKind,
                Last = m.Previous.Index,
                Sequence = m.Sequence,
            });
            return StepOutcome.Accepted;
        }

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

    // We have headers and are sent payloads, or the other way round. The headers agree, so nothing else would show: our
    // acknowledgement would count as a copy, and one day we might be elected to serve what we never had.
    private bool IsOfOtherLogKind(in Message m) => _logKind != LogKind.Undecided && _logKind != KindOf(m);

    private static LogKind KindOf(in Message m) => m.HeadersOnly ? LogKind.HeadersOnly : LogKind.Full;

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
            DecideLogKind(KindOf(m));
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
        Send(Draft(MessageKind.AppendEntriesReply, leader, follower.LeaderIncarnation) with
        {
            Flags = MessageFlags.Granted,
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
            // Said before it is done: after this nothing is owed any more.
            bool rests = m.IsRest && MayRest(m, follower);
            Send(Draft(MessageKind.HeartbeatReply, m) with { Flags = rests ? MessageFlags.Rest : MessageFlags.None });
            _isResting = rests;
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
        if (_receiving is { } receiving && receiving.Snapshot.Last.Index <= _commit && !Planted.OldSnapshotInstalled)
        {
            AbandonSnapshot();
        }

        if (_repair is not null)
        {
            TryEndRepair();
        }
    }
}
