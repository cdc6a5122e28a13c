namespace Graft.Consensus;

// Linearizable reads without writing to the log: thesis §6.4, leases §6.4.1.
public sealed partial class RaftCore
{
    private readonly List<PendingRead> _pendingReads = [];
    private Batch<ReadResult> _readResults = new();

    // How many pending reads have no round or batch yet: the only ones that TakeReady has to look for.
    private int _unplacedReads;
    private ulong _readBatch;
    private Instant _earliestReadDeadline = Instant.Never;
    private Instant _retryReadsAt = Instant.Never;

    /// <summary>Asks for the index that a read has to wait for. The answer, and there always is one, comes in <see cref="Ready.Reads"/>.</summary>
    /// <param name="id">Unique among the reads in progress.</param>
    /// <param name="level">What is asked for; without a valid lease a lease read is confirmed by a round.</param>
    /// <param name="timeout">The read ends by then, answered or not. <see cref="TimeSpan.MaxValue"/> sets it no end.</param>
    /// <param name="now">The present.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="timeout"/> is negative, as <c>Timeout.InfiniteTimeSpan</c> is.
    /// </exception>
    public void Read(ReadId id, ReadLevel level, TimeSpan timeout, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        Observe(now);
        if (_isStopped)
        {
            EndRead(id, ReadOutcome.Stopped);
        }
        else if (_pendingReads.Count >= _options.ReadsPendingMax)
        {
            EndRead(id, ReadOutcome.Overloaded);
        }
        else
        {
            AddRead(new PendingRead(id, null, Incarnation.Unknown, level, _now + timeout, 0, default));
        }
    }

    private void AddRead(in PendingRead read)
    {
        if (_leader is { } leader)
        {
            NoteBusy(leader);
        }
        else
        {
            WakeUp(isAnswered: true);
        }

        _pendingReads.Add(read);
        _unplacedReads++;
        _earliestReadDeadline = Instant.Earlier(_earliestReadDeadline, read.Deadline);
    }

    private void EndRead(ReadId id, ReadOutcome outcome) => _readResults.Add(new ReadResult(id, outcome, default, default));

    private StepOutcome HandleReadIndex(in Message m)
    {
        if (_leader is null || _pendingReads.Count >= _options.ReadsPendingMax)
        {
            Send(Draft(MessageKind.ReadIndexReply, m) with
            {
                Reason = _leader is null ? MessageReason.NotLeader : MessageReason.Overloaded,
                Sequence = m.Sequence,
            });
            return StepOutcome.Accepted;
        }

        if (!_memberships.Latest.Contains(m.From))
        {
            return StepOutcome.NotMember;
        }

        ReadLevel level = m.TakesLease ? ReadLevel.Lease : ReadLevel.Linearizable;
        var id = new ReadId(m.Sequence);
        AddRead(new PendingRead(id, m.From, m.FromIncarnation, level, _now + (_options.ElectionTimeout * 2), 0, default));
        return StepOutcome.Accepted;
    }

    private StepOutcome HandleReadIndexReply(in Message m)
    {
        if (_follower is not { } follower || follower.Leader != m.From)
        {
            return StepOutcome.Stale;
        }

        if (m.IsGranted)
        {
            LearnCommit(m.Commit, follower);
        }

        if (!m.IsGranted && m.Reason != MessageReason.Overloaded)
        {
            // That leader is none any more; the next one is asked when it is known.
            return StepOutcome.Accepted;
        }

        int kept = 0;
        for (int i = 0; i < _pendingReads.Count; i++)
        {
            PendingRead read = _pendingReads[i];
            if (read.Asker is null && read.Stamp == m.Sequence)
            {
                ReadLevel level = m.TakesLease ? ReadLevel.Lease : ReadLevel.Linearizable;
                _readResults.Add(m.IsGranted
                    ? new ReadResult(read.Id, ReadOutcome.Confirmed, m.Last, level)
                    : new ReadResult(read.Id, ReadOutcome.Overloaded, default, default));
            }
            else
            {
                _pendingReads[kept++] = read;
            }
        }

        bool isKnown = kept < _pendingReads.Count;
        _pendingReads.RemoveRange(kept, _pendingReads.Count - kept);
        return isKnown ? StepOutcome.Accepted : StepOutcome.Stale;
    }

    // What came in since the last Ready goes on together: one round, or one question to the leader, for all of it.
    private void PlaceReads()
    {
        if (_unplacedReads == 0)
        {
            return;
        }

        if (_leader is { } leader)
        {
            if (HasOwnTermCommit(leader) || Planted.ReadBeforeOwnTermCommit)
            {
                PlaceReadsAsLeader(leader);
            }
        }
        else if (_follower is { Leader: { } known } follower)
        {
            AskLeader(follower, known);
        }
    }

    private void PlaceReadsAsLeader(LeaderState leader)
    {
        bool hasLease = HasLease(leader);
        int kept = 0;
        ulong round = 0;
        for (int i = 0; i < _pendingReads.Count; i++)
        {
            PendingRead read = _pendingReads[i];
            if (read.Stamp == 0 && read.Level == ReadLevel.Lease && hasLease)
            {
                Confirm(read with { Index = _commit }, ReadLevel.Lease);
                continue;
            }

            if (read.Stamp == 0)
            {
                // The round starts after the read came in; an older one would confirm a past in which the read hadn't begun.
                round = round == 0 ? leader.Rounds.Current + (Planted.ReadJoinsOldRound ? 0UL : 1UL) : round;
                read = read with { Stamp = round, Index = _commit };
            }

            _pendingReads[kept++] = read;
        }

        _pendingReads.RemoveRange(kept, _pendingReads.Count - kept);
        _unplacedReads = 0;
        if (round > 0 && !Planted.ReadJoinsOldRound)
        {
            StartRound(leader);
        }
        else
        {
            OnRoundConfirmed(leader);
        }
    }

    private void AskLeader(FollowerState follower, NodeId leader)
    {
        ulong linearizable = ++_readBatch;
        ulong lease = ++_readBatch;
        bool anyLinearizable = false;
        bool anyLease = false;
        for (int i = 0; i < _pendingReads.Count; i++)
        {
            PendingRead read = _pendingReads[i];
            if (read.Stamp == 0)
            {
                bool takesLease = read.Level == ReadLevel.Lease;
                anyLease |= takesLease;
                anyLinearizable |= !takesLease;
                _pendingReads[i] = read with { Stamp = takesLease ? lease : linearizable };
            }
        }

        _unplacedReads = 0;

        // Counted from the oldest question that may be lost: new reads don't put it off.
        _retryReadsAt = Instant.Earlier(_retryReadsAt, _now + _options.ElectionTimeout);
        if (anyLinearizable)
        {
            Send(Question(follower, leader, linearizable, MessageFlags.None));
        }

        if (anyLease)
        {
            Send(Question(follower, leader, lease, MessageFlags.Lease));
        }
    }

    private Message Question(FollowerState follower, NodeId leader, ulong batch, MessageFlags flags) => new()
    {
        Kind = MessageKind.ReadIndex,
        Flags = flags,
        Cluster = _options.Cluster,
        From = _self,
        FromIncarnation = _options.Incarnation,
        To = leader,
        ToIncarnation = follower.LeaderIncarnation,
        Term = _term,
        Sequence = batch,
    };

    /// <summary>
    /// Whether a read may be served without asking: a quorum answered a round that began less than a lease ago, and has
    /// promised not to elect another until longer after that.
    /// </summary>
    private bool HasLease(LeaderState leader)
    {
        if (leader.IsLeaseRevoked || !HasOwnTermCommit(leader))
        {
            return false;
        }

        ulong round = leader.Tracker.ConfirmedRound();
        Instant start = Planted.LeaseFromAnswer ? leader.Tracker.QuorumContact() : leader.Rounds.StartedAt(round);
        TimeSpan duration = Planted.LeaseIgnoresDrift ? _options.ElectionTimeout * 1.5 : _options.LeaseDuration;
        return round >= leader.LeaseFromRound && _now < start + duration;
    }

    // A pause may have passed unseen between the round and now; only rounds from here on prove anything.
    private void OnPause(LeaderState leader)
    {
        leader.LeaseFromRound = leader.Rounds.Current + 1;

        // The answers of the time of the pause still wait to be read. Doubting the quorum before that would depose every
        // leader that its host put to sleep. Once per contact: a host that is late again and again has no excuse left.
        Instant contact = leader.Tracker.QuorumContact();
        if (contact > leader.ExcusedContact)
        {
            leader.ExcusedContact = contact;
            leader.QuorumCheckFrom = _now + new TimeSpan(_options.ElectionTimeout.Ticks / 2);
        }
    }

    /// <summary>
    /// The host has seen that this process stood still, by a clock that the core doesn't read. A lease from before is void.
    /// </summary>
    public void PauseDetected(Instant now)
    {
        Observe(now);
        if (_leader is { } leader)
        {
            OnPause(leader);
        }
    }

    private void OnRoundConfirmed(LeaderState leader)
    {
        if (_pendingReads.Count == 0)
        {
            return;
        }

        ulong confirmed = leader.Tracker.ConfirmedRound();
        if (Planted.ReadsNotConfirmed)
        {
            confirmed = ulong.MaxValue;
        }

        int kept = 0;
        for (int i = 0; i < _pendingReads.Count; i++)
        {
            PendingRead read = _pendingReads[i];
            if (read.Stamp > 0 && read.Stamp <= confirmed)
            {
                Confirm(read, ReadLevel.Linearizable);
            }
            else
            {
                _pendingReads[kept++] = read;
            }
        }

        _pendingReads.RemoveRange(kept, _pendingReads.Count - kept);
    }

    private void Confirm(in PendingRead read, ReadLevel level)
    {
        if (read.Asker is not { } asker)
        {
            _readResults.Add(new ReadResult(read.Id, ReadOutcome.Confirmed, read.Index, level));
            return;
        }

        Send(Draft(MessageKind.ReadIndexReply, asker, read.AskerIncarnation) with
        {
            Flags = MessageFlags.Granted | (level == ReadLevel.Lease ? MessageFlags.Lease : MessageFlags.None),
            Last = read.Index,
            Commit = _commit,
            Sequence = read.Id.Value,
        });
    }

    // Our own reads outlive a change of leader: asked again of the next, they are fresher than they had to be.
    private void RetryReads()
    {
        for (int i = 0; i < _pendingReads.Count; i++)
        {
            _pendingReads[i] = _pendingReads[i] with { Stamp = 0 };
        }

        _unplacedReads = _pendingReads.Count;
        _retryReadsAt = Instant.Never;
    }

    private void RefuseForeignReads()
    {
        for (int i = 0; i < _pendingReads.Count; i++)
        {
            PendingRead read = _pendingReads[i];
            if (read.Asker is { } asker)
            {
                Send(Draft(MessageKind.ReadIndexReply, asker, read.AskerIncarnation) with
                {
                    Reason = MessageReason.NotLeader,
                    Sequence = read.Id.Value,
                });
            }
        }

        _pendingReads.RemoveAll(static read => read.Asker is not null);
        _unplacedReads = Math.Min(_unplacedReads, _pendingReads.Count);
    }

    private void ExpireReads()
    {
        if (_now >= _retryReadsAt)
        {
            RetryReads();
        }

        if (_now < _earliestReadDeadline)
        {
            return;
        }

        _earliestReadDeadline = Instant.Never;
        int kept = 0;
        int unplaced = 0;
        for (int i = 0; i < _pendingReads.Count; i++)
        {
            PendingRead read = _pendingReads[i];
            if (_now < read.Deadline || Planted.ReadsNeverExpire)
            {
                _earliestReadDeadline = Instant.Earlier(_earliestReadDeadline, read.Deadline);
                unplaced += read.Stamp == 0 ? 1 : 0;
                _pendingReads[kept++] = read;
            }
            else if (read.Asker is null)
            {
                EndRead(read.Id, Leader is null ? ReadOutcome.NoLeader : ReadOutcome.TimedOut);
            }
        }

        _pendingReads.RemoveRange(kept, _pendingReads.Count - kept);
        _unplacedReads = unplaced;
        _retryReadsAt = kept == 0 ? Instant.Never : _retryReadsAt;
    }

    private void EndReads(ReadOutcome outcome)
    {
        foreach (PendingRead read in _pendingReads)
        {
            if (read.Asker is null)
            {
                EndRead(read.Id, outcome);
            }
        }

        _pendingReads.Clear();
        _unplacedReads = 0;
        _earliestReadDeadline = Instant.Never;
        _retryReadsAt = Instant.Never;
    }
}
