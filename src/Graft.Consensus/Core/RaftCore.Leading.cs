namespace Graft.Consensus;

// Being leader: taking proposals (thesis §3.5), committing (§3.6.2), keeping or giving up the leadership (§6.2).
public sealed partial class RaftCore
{
    private Batch<OwnEntry> _ownEntries = new();

    /// <summary>Appends entries of the given encoded sizes to the leader's log and sends them out with the next Ready.</summary>
    /// <param name="sizes">One size per entry, in bytes, at least one entry. An entry may be empty.</param>
    /// <param name="now">The present.</param>
    /// <exception cref="ArgumentException">No entry was given, whatever the role: a proposal of nothing has no place in the log to name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, whatever the role.</exception>
    public Proposal Propose(ReadOnlySpan<int> sizes, Instant now)
    {
        // Before the role is asked, or a caller's mistake would show only once its node leads.
        if (sizes.IsEmpty)
        {
            throw new ArgumentException("A proposal needs at least one entry.", nameof(sizes));
        }

        if (sizes.ContainsAnyInRange(int.MinValue, -1))
        {
            throw new ArgumentOutOfRangeException(nameof(sizes), "The size of an entry can't be negative.");
        }

        Observe(now);
        ProposalRefusal refusal = WhyNotPropose(sizes);
        if (refusal != ProposalRefusal.None)
        {
            return Proposal.Refused(refusal);
        }

        LeaderState leader = _leader!;
        NoteBusy(leader);
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

        long bytes = 0;
        foreach (int size in sizes)
        {
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
        NoteBusy(leader);
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
            StartRound(leader, asksRest: WantsRest(leader));
            PressTransfer(leader);
            TryRest(leader);
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

    /// <summary>Begins a round: whoever answers followed us after now.</summary>
    private void StartRound(LeaderState leader, bool asksRest = false)
    {
        ulong round = leader.Rounds.Start(_now);
        leader.RestRound = asksRest ? round : 0;
        if (leader.Self is { } self)
        {
            self.ConfirmedRound = round;
        }

        foreach (Progress progress in leader.Tracker.All)
        {
            if (progress != leader.Self)
            {
                SendHeartbeat(progress, round, asksRest && progress.Match == _commit);
            }
        }

        OnRoundConfirmed(leader);
    }

    private void SendHeartbeat(Progress progress, ulong round, bool asksRest)
    {
        // Capped by what this very member has acknowledged: beyond that its log may be another history.
        LogIndex commit = LogIndex.Min(_commit, progress.Match);
        progress.CommitSent = LogIndex.Max(progress.CommitSent, commit);
        Send(Draft(MessageKind.Heartbeat, progress.Id, progress.Incarnation) with
        {
            Flags = asksRest ? MessageFlags.Rest : MessageFlags.None,
            Commit = commit,
            Round = round,
        });
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
