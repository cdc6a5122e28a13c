namespace Graft.Consensus;

// Elections: thesis §3.4 (election), §3.6.1 (who may win), §4.2.3 (stickiness), §9.6 (pre-vote), §3.10 (transfer).
public sealed partial class RaftCore
{
    private TimeSpan _electionTimeout;
    private ulong _campaigns;
    private CampaignReport? _lastCampaign;

    /// <summary>Stands for election now instead of at the timeout, by pre-vote like any other time.</summary>
    /// <returns>False if this node leads, already stands, or may not stand; nothing changed then.</returns>
    /// <remarks>
    /// Not while it has heard a leader less than an election timeout ago: its answers carry that leader's lease, and with its
    /// own vote it would break its word as surely as with any other. To replace a leader that lives, transfer.
    /// After any start it waits as long, even if it has heard nobody: it no longer knows whom it answered before, and a
    /// freshly founded node, whose term is 1 already, can't be told from one that comes back.
    /// </remarks>
    public bool Campaign(Instant now)
    {
        Observe(now);
        if (_isStopped || _leader is not null || _candidate is not null || !MayCampaign || IsSticky)
        {
            return false;
        }

        BecomePreCandidate();
        return true;
    }

    /// <summary>
    /// Whether this node may stand: a voter that stores payloads, by the effective configuration or, while that isn't
    /// committed, by the last committed one.
    /// </summary>
    /// <remarks>
    /// The second half matters when a leader that is being removed or demoted crashes: its log may be the only one that
    /// can win, although its newest configuration no longer counts it (thesis §4.2.2). Its commit index is from before the
    /// crash and may be old; but nobody appends a configuration before the one below it is committed.
    /// </remarks>
    private bool MayCampaign =>
        _repair is null && !_isRetired && (MayLead(_memberships.Latest) || MayLead(LastSettledMembership) || Planted.AnybodyCampaigns);

    private Membership LastSettledMembership =>
        _memberships.At(_memberships.LatestIndex > _commit ? _memberships.LatestIndex.Previous : _commit, out _);

    // By what it is and by what it has: who was a witness once has nothing to serve, whatever the configuration says.
    private bool MayLead(Membership membership) =>
        _logKind != LogKind.HeadersOnly && membership.Find(_self) is { IsVoter: true, IsWitness: false };

    /// <summary>A leader was heard, or the restart made us promise as if: no vote against it for T.</summary>
    private bool IsSticky => _leader is not null || (_now < _leaderHeardAt + _options.ElectionTimeout && !Planted.NoStickiness);

    private void ResetElectionTimer()
    {
        // Drawn anew each time: two nodes that collided once must not collide for ever (thesis §3.4).
        TimeSpan least = _options.ElectionTimeout;
        _electionTimeout = Planted.TimeoutNotRandom ? least : _random.Next(least, least * 1.5);
        _electionAt = _now + _electionTimeout;
    }

    private void OnElectionTimeout()
    {
        // A disk that owes answers would keep our campaign inside, and every timeout would add to what waits there.
        bool isDiskStalled = _now - _persist.OldestAt >= _options.ElectionTimeout;
        if (MayCampaign && !isDiskStalled)
        {
            BecomePreCandidate();
            return;
        }

        if (_candidate is not null || _follower!.Leader is not null)
        {
            BecomeFollower(_term, leader: null);
        }

        ResetElectionTimer();
    }

    private void BecomePreCandidate()
    {
        LeaveRole();
        CandidateState candidate = StartCampaign(isPreVote: true, isTransfer: false);
        AskForVotes(MessageKind.PreVote, candidate, _term.Next);
        candidate.Tally.Note(_self, granted: true);
        ConcludeCampaign(candidate);
    }

    private void BecomeCandidate(bool isTransfer)
    {
        LeaveRole();
        RaiseTerm(_term.Next);
        SetVote(_self);
        CandidateState candidate = StartCampaign(isPreVote: false, isTransfer);

        // Our own vote is a promise like any other: it counts once it is durable, with the rest of this step's order.
        candidate.OwnVoteIn = _persist.NextSequence;
        AskForVotes(MessageKind.RequestVote, candidate, _term);
        if (Planted.OwnVoteCountsBeforeDurable)
        {
            candidate.Tally.Note(_self, granted: true);
            ConcludeCampaign(candidate);
        }
    }

    private CandidateState StartCampaign(bool isPreVote, bool isTransfer)
    {
        _campaigns++;
        _candidate = new CandidateState(isPreVote, isTransfer, _campaigns);
        _lastCampaign = new CampaignReport(_now, isPreVote ? _term.Next : _term);
        ResetElectionTimer();
        return _candidate;
    }

    private void AskForVotes(MessageKind kind, CandidateState candidate, Term term)
    {
        // The log we offer has to be one that survives a crash of ours: a vote won on entries still in memory elects a
        // leader whose log shrinks. So both rounds wait behind every order given so far.
        ulong behind = HasUnordered ? _persist.NextSequence : _persist.NextSequence - 1;
        foreach (Member member in _memberships.Latest.Members)
        {
            if (member.Id != _self && member.IsVoter)
            {
                var request = Draft(kind, member.Id, Incarnation.Unknown) with
                {
                    Flags = candidate.IsTransfer ? MessageFlags.Transfer : MessageFlags.None,
                    Term = term,
                    Entry = _log.Last,
                    Sequence = candidate.Campaign,
                };
                SendBehind(Planted.CandidateSpeaksBeforeDurable ? 0 : behind, request);
            }
        }
    }

    // Thesis §9.6: a question, not a vote. Nothing of ours changes, neither on a yes nor on a no: not the term, not the
    // vote, not the timer.
    private StepOutcome HandlePreVote(in Message m)
    {
        MessageReason reason =
            m.Term <= _term ? MessageReason.TermBehind
            : IsSticky ? MessageReason.LeaderAlive
            : WhyNotVote(m);
        Send(Draft(MessageKind.PreVoteReply, m) with
        {
            // A yes names the term asked for, a no our own, from which a candidate that is behind learns (and only then).
            Term = reason == MessageReason.None ? m.Term : _term,
            Flags = reason == MessageReason.None ? MessageFlags.Granted : MessageFlags.None,
            Reason = reason,
            Sequence = m.Sequence,
        });
        if (Planted.PreVoteForgetsVote && reason == MessageReason.None)
        {
            _votedFor = null;
        }

        if (Planted.PreVoteCountsAsContact && reason == MessageReason.None)
        {
            _leaderHeardAt = _now;
        }

        return StepOutcome.Accepted;
    }

    private StepOutcome HandleRequestVote(in Message m)
    {
        bool isHeldOff = IsSticky && !m.IsTransfer;
        if (m.Term > _term && !isHeldOff)
        {
            BecomeFollower(m.Term, leader: null);
        }

        // Our role in the cluster has no say here: we may be a voter already and not know it yet (thesis §4.1). Term,
        // vote, stickiness, log; nothing else. Stickiness in whatever term: ours may have risen above the leader's since
        // it was heard, by somebody's refusal, and a restart forgets whom it promised what. A vote that was given before
        // the promise is given again.
        MessageReason reason =
            m.Term < _term ? MessageReason.TermBehind
            : isHeldOff && (m.Term > _term || _votedFor != m.From) ? MessageReason.LeaderAlive
            : !IsVoteFree(m.From) ? MessageReason.VoteGiven
            : WhyNotVote(m);
        bool granted = reason == MessageReason.None;
        if (granted)
        {
            if (_candidate is not null)
            {
                // A pre-candidate that has given its vote away stops asking for others'.
                BecomeFollower(_term, leader: null);
            }

            SetVote(m.From);

            // Only a granted vote postpones our own election. Were a refusal to reset the clock as well, a node with a
            // stale log could keep every electable node quiet.
            ResetElectionTimer();
        }

        // A vote is a promise: Send keeps it in until the vote is durable (thesis §3.8).
        Send(Draft(MessageKind.RequestVoteReply, m) with
        {
            Flags = granted ? MessageFlags.Granted : MessageFlags.None,
            Reason = reason,
            Sequence = m.Sequence,
        });
        return StepOutcome.Accepted;
    }

    // One vote per term, given again to whom it was given: his first answer may have been lost (thesis §3.4).
    private bool IsVoteFree(NodeId candidate) =>
        _votedFor == candidate
        || (_votedFor is null && _leader is null && _follower?.Leader is null)
        || Planted.VoteGivenTwice;

    private MessageReason WhyNotVote(in Message m)
    {
        bool isUpToDate = Planted.VoteComparesLengthOnly
            ? m.LastEntry.Index >= _log.Last.Index
            : Planted.VoteIgnoresLog || m.LastEntry.IsAtLeastAsUpToDateAs(_log.Last);
        if (!isUpToDate)
        {
            return IsKnownToBeRemoved(m.From) ? MessageReason.NotMember : MessageReason.LogBehind;
        }

        return _repair is { } repair && repair.Forbids(m.LastEntry) ? MessageReason.Repairing : MessageReason.None;
    }

    private bool IsKnownToBeRemoved(NodeId candidate) =>
        !_memberships.Latest.Contains(candidate) && _memberships.LatestIndex <= _commit;

    private StepOutcome HandlePreVoteReply(in Message m)
    {
        if (_candidate is not { IsPreVote: true } candidate || m.Sequence != candidate.Campaign)
        {
            return StepOutcome.Stale;
        }

        if (m.IsGranted && m.Term != _term.Next)
        {
            return StepOutcome.Stale;
        }

        NoteAnswer(candidate, m);
        ConcludeCampaign(candidate);
        return StepOutcome.Accepted;
    }

    private StepOutcome HandleRequestVoteReply(in Message m)
    {
        // Counted for the candidate and the term that it answers, and nobody else's: broadcast replies once made two
        // leaders of one term.
        if (_candidate is not { IsPreVote: false } candidate || m.Sequence != candidate.Campaign)
        {
            return StepOutcome.Stale;
        }

        NoteAnswer(candidate, m);
        ConcludeCampaign(candidate);
        return StepOutcome.Accepted;
    }

    private void NoteAnswer(CandidateState candidate, in Message m)
    {
        candidate.Tally.Note(m.From, m.IsGranted);
        _lastCampaign!.Note(m);
    }

    private void ConcludeCampaign(CandidateState candidate)
    {
        QuorumOutcome outcome = candidate.Tally.Outcome(_memberships.Latest);
        if (outcome == QuorumOutcome.Won)
        {
            if (candidate.IsPreVote)
            {
                BecomeCandidate(isTransfer: false);
            }
            else
            {
                BecomeLeader();
            }
        }
        else if (outcome == QuorumOutcome.Lost)
        {
            // Not in the thesis, but as in etcd's library. Back to asking first: a candidate that went on raising its term would depose whoever wins instead.
            BecomeFollower(_term, leader: null);
        }
    }

    // Also the way down from every role (thesis §3.3).
    private void BecomeFollower(Term term, NodeId? leader)
    {
        bool wasFollower = _follower is not null;
        LeaveRole();
        if (term > _term)
        {
            RaiseTerm(term);
        }
        else if (Planted.StepDownForgetsVote)
        {
            _votedFor = null;
        }

        if (leader is { } winner)
        {
            ConcludeHandover(winner);
        }

        _follower = new FollowerState(leader, Incarnation.Unknown, _commit);
        if (!wasFollower)
        {
            ResetElectionTimer();
        }

        RetryReads();
    }

    private void BecomeLeader()
    {
        LeaveRole();
        ConcludeHandover(_self);
        var leader = new LeaderState(_options, _log.Last.Index, _now);
        _leader = leader;
        _electionAt = Instant.Never;
        AbandonSnapshot();
        DecideLogKind(LogKind.Full);
        AdoptMembership(leader);

        // An entry of our own term, so that what earlier terms left behind can be committed (thesis §3.6.2, §6.4).
        if (!Planted.NoNoOp)
        {
            AppendOwn(leader, membership: null);
        }

        // Before the first round: what these reads were stamped with as a follower numbers questions, not rounds, and where
        // our own answer is a quorum the round would confirm them at once, at no index at all.
        RetryReads();

        // Spoken in the very step of winning: a first heartbeat that waits for anything invites the next election.
        StartRound(leader);
        leader.HeartbeatAt = _now + _options.Heartbeat;
    }

    // Nothing of a role survives it, except the question how a transfer ended.
    private void LeaveRole()
    {
        if (_leader is { } leader)
        {
            RefuseForeignReads();
            OpenHandover(leader);
        }

        if (_candidate is not null)
        {
            DropCampaignMessages();
        }

        _leader = null;
        _candidate = null;
        _follower = null;
        _isResting = false;
    }

    // The only place where the term changes, and it only rises. The vote belongs to the term and goes with it, and only
    // with it: stepping down inside a term keeps the vote.
    private void RaiseTerm(Term term)
    {
        Invariant.Check(term > _term, term, _term);
        _term = term;
        _votedFor = null;
        MarkHardStateChanged();
    }

    private void SetVote(NodeId candidate)
    {
        if (_votedFor != candidate)
        {
            Invariant.Check(_votedFor is null || Planted.VoteGivenTwice, _votedFor, candidate);
            _votedFor = candidate;
            if (!Planted.VoteNotPersisted)
            {
                MarkHardStateChanged();
            }
        }
    }
}
