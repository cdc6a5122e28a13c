namespace Graft.Consensus;

// The leader's side of replication: thesis §3.5, §3.6, §10.2 (pipelining, flow control), §6.2 (stepping down).
public sealed partial class RaftCore
{
    private Batch<OwnEntry> _ownEntries = new();

    /// <summary>Appends entries of the given encoded sizes to the leader's log and sends them out with the next Ready.</summary>
    /// <param name="sizes">One size per entry, in bytes, at least one entry.</param>
    /// <param name="now">The present.</param>
    public Proposal Propose(ReadOnlySpan<int> sizes, Instant now)
    {
        Observe(now);
        ProposalRefusal refusal = WhyNotPropose(sizes);
        if (refusal != ProposalRefusal.None)
        {
            return Proposal.Refused(refusal);
        }

        LeaderState leader = _leader!;
        LogIndex first = _log.Last.Index.Next;
        _log.Append(_term, (ulong)sizes.Length);
        foreach (int size in sizes)
        {
            leader.Sizes.Append(size);
        }

        return new Proposal(ProposalRefusal.None, new EntryId(_term, first), _log.Last);
    }

    private ProposalRefusal WhyNotPropose(ReadOnlySpan<int> sizes)
    {
        if (_leader is not { } leader)
        {
            return _isStopped ? ProposalRefusal.Stopped : ProposalRefusal.NotLeader;
        }

        if (leader.Transfer is not null)
        {
            return ProposalRefusal.TransferInProgress;
        }

        Invariant.Check(sizes.Length > 0);
        long bytes = 0;
        foreach (int size in sizes)
        {
            Invariant.Check(size >= 0);
            if (size > _options.EntryBytesMax)
            {
                return ProposalRefusal.EntryTooLarge;
            }

            bytes += size;
        }

        return HasRoomFor(leader, (ulong)sizes.Length, bytes) ? ProposalRefusal.None : ProposalRefusal.Overloaded;
    }

    // Counted from this term's first entry: what earlier leaders left uncommitted was theirs to bound, and a new leader
    // that had to measure it would miss its first heartbeat.
    private bool HasRoomFor(LeaderState leader, ulong count, long bytes)
    {
        LogIndex from = LogIndex.Max(_commit, leader.FirstIndex.Previous);
        long uncommitted = leader.Sizes.Between(from, _log.Last.Index);
        return _log.Last.Index - from + count <= (ulong)_options.UncommittedEntriesMax
            && (uncommitted == 0 || uncommitted + bytes <= _options.UncommittedBytesMax);
    }

    private EntryId AppendOwn(LeaderState leader, Membership? membership)
    {
        _log.Append(_term, 1);
        leader.Sizes.Append(0);
        EntryId id = _log.Last;
        _ownEntries.Add(new OwnEntry(id, membership));
        if (membership is not null)
        {
            _memberships.Append(id.Index, membership);
            AdoptMembership(leader);
        }

        return id;
    }

    private void TickLeader(LeaderState leader)
    {
        if (leader.Transfer is { } transfer && _now >= transfer.Deadline)
        {
            EndTransfer(leader, transfer);
        }

        if (_leader != leader || _now < leader.HeartbeatAt)
        {
            return;
        }

        // From the time it was due, not from the time it was noticed: periods that are re-anchored at each late wake-up
        // stretch, and those of many groups bunch up. After a long pause the missed ones are not made up for.
        Instant next = leader.HeartbeatAt + _options.Heartbeat;
        leader.HeartbeatAt = next > _now ? next : _now + _options.Heartbeat;
        CheckQuorum(leader);
        if (_leader == leader)
        {
            CheckDisk(leader);
        }

        if (_leader == leader)
        {
            WatchFollowers(leader);
            StartRound(leader);
            PressTransfer(leader);
        }
    }

    // A leader that hears no quorum for an election timeout can't commit and must not seem to lead (thesis §6.2).
    private void CheckQuorum(LeaderState leader)
    {
        // It counts itself only while its own disk answers.
        if (leader.Self is { } self)
        {
            self.LastContact = _memberships.Latest.Quorum.Incoming.Voters == 1 ? _now : Instant.Earlier(_now, _persist.OldestAt);
        }

        if (_now >= leader.QuorumCheckFrom
            && _now - leader.Tracker.QuorumContact() >= _options.ElectionTimeout
            && !Planted.NoQuorumCheck)
        {
            BecomeFollower(_term, leader: null);
        }
    }

    // Per follower: replication that stands still while something is owed is begun anew. Heartbeats may be answered all
    // the while, so they prove nothing about it.
    private void WatchFollowers(LeaderState leader)
    {
        foreach (Progress progress in leader.Tracker.All)
        {
            if (progress == leader.Self || _now - progress.LastAdvance < _options.ElectionTimeout)
            {
                continue;
            }

            bool owes = progress.Inflights.Count > 0 || progress.AwaitsHostFor != 0;
            if (progress.State == ProgressState.Replicate && owes && !Planted.NoWatchdog)
            {
                progress.BecomeProbe(leader.NextSequence, _now);
            }
            else if (progress.State == ProgressState.Probe && progress.AwaitsHostFor != 0)
            {
                progress.AwaitsHostFor = 0;
                progress.IsProbeSent = false;
                progress.LastAdvance = _now;
            }
            else if (progress.State == ProgressState.Snapshot && _now - progress.LastAdvance >= _options.SnapshotStall)
            {
                // By now there may be a newer snapshot, or the follower may have got what it lacked elsewhere.
                progress.BecomeProbe(leader.NextSequence, _now);
            }
        }
    }

    /// <summary>Begins a round: whoever answers followed us after now.</summary>
    private void StartRound(LeaderState leader)
    {
        ulong round = leader.Rounds.Start(_now);
        if (leader.Self is { } self)
        {
            self.ConfirmedRound = round;
        }

        foreach (Progress progress in leader.Tracker.All)
        {
            if (progress != leader.Self)
            {
                SendHeartbeat(progress, round);
            }
        }

        OnRoundConfirmed(leader);
    }

    private void SendHeartbeat(Progress progress, ulong round)
    {
        // Capped by what this very member has acknowledged: beyond that its log may be another history.
        LogIndex commit = LogIndex.Min(_commit, progress.Match);
        progress.CommitSent = LogIndex.Max(progress.CommitSent, commit);
        Send(new Message
        {
            Kind = MessageKind.Heartbeat,
            Cluster = _options.Cluster,
            From = _self,
            FromIncarnation = _options.Incarnation,
            To = progress.Id,
            ToIncarnation = progress.Incarnation,
            Term = _term,
            Commit = commit,
            Round = round,
        });
    }

    /// <summary>Sends a member what it lacks, within its window.</summary>
    private void Replicate(LeaderState leader, Progress progress)
    {
        while (CanSend(progress))
        {
            if (progress.Next.Previous < _log.Base.Index)
            {
                if (_snapshot is { } snapshot && !Planted.NoSnapshotForLagging)
                {
                    progress.BecomeSnapshot(snapshot, _now);
                }

                break;
            }

            var previous = new EntryId(_log.TermAt(progress.Next.Previous), progress.Next.Previous);
            bool isEmpty = progress.Next > _log.Last.Index;
            if (isEmpty && progress.State == ProgressState.Replicate)
            {
                break;
            }

            SendAppend(leader, progress, previous);
        }

        if (progress is { State: ProgressState.Snapshot, IsOfferDue: true })
        {
            OfferSnapshot(leader, progress);
        }
    }

    private bool CanSend(Progress progress) => progress.State switch
    {
        ProgressState.Probe => !progress.IsProbeSent && progress.AwaitsHostFor == 0,
        ProgressState.Replicate => progress.AwaitsHostFor == 0
            && (!progress.Inflights.IsFull || Planted.WindowIgnored)
            && (progress.Next.Value - 1 - progress.Match.Value) < (ulong)_options.WindowEntriesMax,
        _ => false,
    };

    private void SendAppend(LeaderState leader, Progress progress, EntryId previous)
    {
        LogIndex last = EndOfRange(leader, progress, previous.Index, out long bytes, out bool hostClips, out Membership? membership);
        ulong sequence = leader.NextSequence++;
        Send(new Message
        {
            Kind = MessageKind.AppendEntries,
            Flags = (hostClips ? MessageFlags.HostClips : MessageFlags.None)
                | (progress.IsWitness ? MessageFlags.HeadersOnly : MessageFlags.None),
            Cluster = _options.Cluster,
            From = _self,
            FromIncarnation = _options.Incarnation,
            To = progress.Id,
            ToIncarnation = progress.Incarnation,
            Term = _term,
            Entry = previous,
            Last = last,
            EntriesTerm = last == previous.Index ? Term.Zero : _log.TermAt(last),
            Commit = _commit,
            Round = leader.Rounds.Current,
            Sequence = sequence,
            Bytes = bytes,
            Membership = membership,
        });
        progress.CommitSent = _commit;
        progress.AwaitsHostFor = hostClips ? sequence : 0;
        progress.AwaitedPrevious = previous.Index;
        if (progress.State == ProgressState.Probe)
        {
            progress.IsProbeSent = true;
            progress.ProbeRound = leader.Rounds.Current;
            return;
        }

        if (progress.Inflights.Count == 0)
        {
            progress.LastAdvance = _now;
        }

        progress.Inflights.Add(last, bytes);
        progress.Next = last.Next;
    }

    // One term, at most one configuration and that at the end, within the limits of entries and bytes.
    private LogIndex EndOfRange(
        LeaderState leader, Progress progress, LogIndex previous, out long bytes, out bool hostClips, out Membership? membership)
    {
        (bytes, hostClips, membership) = (0, false, null);
        if (previous == _log.Last.Index)
        {
            return previous;
        }

        LogIndex first = previous.Next;
        ulong room = (ulong)_options.WindowEntriesMax - Math.Min((ulong)_options.WindowEntriesMax - 1, previous - progress.Match);
        ulong most = Math.Min(room, (ulong)_options.MessageEntriesMax);
        LogIndex last = LogIndex.Min(_log.RunAt(first).Last, previous + most);
        if (leader.Sizes.Knows(first))
        {
            long limit = Math.Min(_options.MessageBytesMax, progress.Inflights.BytesFree);
            last = leader.Sizes.Fit(previous, last, limit);
            bytes = leader.Sizes.Between(previous, last);
        }
        else
        {
            hostClips = true;
            bytes = _options.MessageBytesMax;
        }

        if (_memberships.LatestIndex >= first && _memberships.TryFindFrom(first, out LogIndex at, out Membership? found) && at <= last)
        {
            membership = found;
            if (at < last && !hostClips)
            {
                bytes = leader.Sizes.Between(previous, at);
            }

            last = at;
        }

        return last;
    }

    /// <summary>The host has sent an append that it had to clip (<see cref="Message.HostClips"/>), or couldn't send it.</summary>
    /// <param name="to">Whom it was for.</param>
    /// <param name="sequence">The append's.</param>
    /// <param name="last">The last index that went; the one before the range if nothing did.</param>
    /// <param name="bytes">The encoded size of what went.</param>
    /// <param name="now">The present.</param>
    public void ReportSent(NodeId to, ulong sequence, LogIndex last, long bytes, Instant now)
    {
        Observe(now);
        if (_leader is not { } leader || leader.Tracker.Find(to) is not { } progress || progress.AwaitsHostFor != sequence || sequence == 0)
        {
            return;
        }

        progress.AwaitsHostFor = 0;
        if (progress.State != ProgressState.Replicate || progress.Inflights.Count == 0)
        {
            return;
        }

        if (last > progress.AwaitedPrevious)
        {
            LogIndex sent = LogIndex.Min(last, progress.Next.Previous);
            progress.Inflights.ClipNewest(sent, bytes);
            progress.Next = LogIndex.Max(sent, progress.Match).Next;
        }
        else
        {
            // Nothing went. Asked for again at once, an entry that can't be read would be asked for without end; the next
            // answer to a heartbeat is soon enough.
            progress.BecomeProbe(leader.NextSequence, _now);
            progress.IsProbeSent = true;
            progress.ProbeRound = leader.Rounds.Current;
        }
    }

    /// <summary>The transport lost its connection to a member: what was in flight to it is not to be waited for.</summary>
    public void ReportUnreachable(NodeId member, Instant now)
    {
        Observe(now);
        if (_leader is { } leader && leader.Tracker.Find(member) is { State: ProgressState.Replicate } progress && progress != leader.Self)
        {
            progress.BecomeProbe(leader.NextSequence, _now);
            progress.IsProbeSent = true;
            progress.ProbeRound = leader.Rounds.Current;
        }
    }

    // The member that an answer comes from, if it is one and the answer is of its present life.
    private StepOutcome Hear(in Message m, out LeaderState? leader, out Progress? progress)
    {
        progress = null;
        leader = _leader;
        if (leader is null)
        {
            return StepOutcome.Stale;
        }

        progress = leader.Tracker.Find(m.From);
        if (progress is null)
        {
            return StepOutcome.NotMember;
        }

        if (m.Round > leader.Rounds.Current)
        {
            return StepOutcome.BeyondOurLog;
        }

        if (!progress.Meets(m.FromIncarnation, _log.Last.Index, _now))
        {
            return StepOutcome.OtherIncarnation;
        }

        progress.LastContact = _now;
        return StepOutcome.Accepted;
    }

    private StepOutcome HandleAppendEntriesReply(in Message m)
    {
        StepOutcome heard = Hear(m, out LeaderState? leader, out Progress? progress);
        if (heard != StepOutcome.Accepted || m.Reason is MessageReason.OtherIncarnation or MessageReason.TermBehind)
        {
            return heard;
        }

        if (m.IsGranted ? m.Last > _log.Last.Index : m.Sequence >= leader!.NextSequence)
        {
            return StepOutcome.BeyondOurLog;
        }

        ConfirmRound(leader!, progress!, m.Round);
        return m.IsGranted ? OnAcknowledged(leader!, progress!, m.Last) : OnAppendRefused(leader!, progress!, m);
    }

    private StepOutcome OnAcknowledged(LeaderState leader, Progress progress, LogIndex match)
    {
        if (progress.State == ProgressState.Suspect)
        {
            return StepOutcome.LostAcknowledged;
        }

        bool isNews = progress.TryAcknowledge(match, _now);
        switch (progress.State)
        {
            case ProgressState.Probe when isNews || match == progress.Match:
                progress.BecomeReplicate(leader.NextSequence, _now);
                break;

            // It got past what is compacted, by this snapshot or from elsewhere: the log can do the rest.
            case ProgressState.Snapshot when progress.Match >= _log.Base.Index:
                progress.BecomeReplicate(leader.NextSequence, _now);
                break;
        }

        if (progress.IsNonVoter)
        {
            progress.CatchUp.Advance(progress.Match, _log.Last.Index, _now, _options.ElectionTimeout);
            PromoteCaughtUp(leader);
        }

        if (isNews)
        {
            AdvanceCommit(leader);
        }

        if (_leader == leader)
        {
            PressTransfer(leader, onlyIfReady: true);
        }

        return StepOutcome.Accepted;
    }

    private StepOutcome OnAppendRefused(LeaderState leader, Progress progress, in Message m)
    {
        // Is it about what we ask now? A refusal that was overtaken by an acceptance would rewind what has been settled.
        LogIndex refused = m.Last;
        bool isCurrent = progress.State switch
        {
            ProgressState.Probe => refused == progress.Next.Previous && m.Sequence >= progress.BelievesRefusalsFrom,
            ProgressState.Replicate => refused >= progress.Match && m.Sequence >= progress.BelievesRefusalsFrom,
            _ => false,
        };
        if (!isCurrent || refused == LogIndex.Zero)
        {
            return StepOutcome.Stale;
        }

        if (progress.State == ProgressState.Probe && refused <= progress.Match)
        {
            progress.BecomeSuspect(_now);
            return StepOutcome.LostAcknowledged;
        }

        LogIndex next = NextAfterRefusal(refused, m.Hint);
        progress.BecomeProbe(leader.NextSequence, _now);
        progress.Next = LogIndex.Max(progress.Match.Next, next);
        return StepOutcome.Accepted;
    }

    // Our last entry that the follower can have too: at or below its hint, of no later term. At least one step back, so
    // that repair ends; below our base, so that it ends with a snapshot.
    private LogIndex NextAfterRefusal(LogIndex refused, EntryId hint)
    {
        if (Planted.RepairStuck)
        {
            return refused.Next;
        }

        if (hint.Index < _log.Base.Index || refused <= _log.Base.Index)
        {
            return LogIndex.Min(hint.Index.Next, refused);
        }

        EntryId agreed = _log.LastAtOrBelow(hint.Index, hint.Term);
        return LogIndex.Min(agreed.Index.Next, refused);
    }

    private StepOutcome HandleHeartbeatReply(in Message m)
    {
        StepOutcome heard = Hear(m, out LeaderState? leader, out Progress? progress);
        if (heard != StepOutcome.Accepted || m.Reason != MessageReason.None)
        {
            return heard;
        }

        ConfirmRound(leader!, progress!, m.Round);

        // It lives. A probe that went out before the round that it answers is lost, or soon will be harmless.
        if (_leader == leader && progress!.State == ProgressState.Probe && m.Round > progress.ProbeRound)
        {
            progress.IsProbeSent = progress.AwaitsHostFor != 0;
        }

        progress!.IsOfferDue = progress.State == ProgressState.Snapshot;
        return StepOutcome.Accepted;
    }

    private void ConfirmRound(LeaderState leader, Progress progress, ulong round)
    {
        if (round > progress.ConfirmedRound)
        {
            progress.ConfirmedRound = round;
            OnRoundConfirmed(leader);
        }
    }

    private void OfferSnapshot(LeaderState leader, Progress progress)
    {
        progress.IsOfferDue = false;
        Send(new Message
        {
            Kind = MessageKind.InstallSnapshot,
            Flags = progress.IsWitness ? MessageFlags.HeadersOnly : MessageFlags.None,
            Cluster = _options.Cluster,
            From = _self,
            FromIncarnation = _options.Incarnation,
            To = progress.Id,
            ToIncarnation = progress.Incarnation,
            Term = _term,
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

        if (m.Bytes > progress.SnapshotBytes)
        {
            progress.SnapshotBytes = m.Bytes;
            progress.LastAdvance = _now;
        }

        return StepOutcome.Accepted;
    }

    // Thesis §3.6.2: by counting, only entries of the leader's own term; all before them with them.
    private void AdvanceCommit(LeaderState leader)
    {
        LogIndex stored = leader.Tracker.Stored();
        if (stored <= _commit || (stored < leader.FirstIndex && !Planted.OldTermCommittedByCounting))
        {
            return;
        }

        bool isFirstOfTerm = _commit < leader.FirstIndex;
        _commit = LogIndex.Min(stored, _log.Last.Index);
        leader.NoticeAt = Instant.Earlier(leader.NoticeAt, _now + _options.NoticeDelay);
        OnCommitAdvanced();
        if (isFirstOfTerm)
        {
            RetryReads();
        }

        OnMembershipMayBeCommitted(leader);
    }

    private bool HasOwnTermCommit(LeaderState leader) => _commit >= leader.FirstIndex;
}
