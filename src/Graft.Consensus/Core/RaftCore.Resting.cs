namespace Graft.Consensus;

// Groups that have nothing to say cost nothing. Not in the thesis; CockroachDB's quiescence and TiKV's hibernation are the
// models, and what went wrong with them shaped the rules in docs/internals/protocol.md, "Rest".
public sealed partial class RaftCore
{
    private bool _isResting;

    /// <summary>
    /// Neither beating nor waiting for a beat: the host answers for the other nodes by <see cref="Vouch"/>, and calls
    /// <see cref="Wake"/> once it can't. Any input that concerns the group wakes it as well.
    /// </summary>
    public bool IsResting => _isResting;

    /// <summary>The host has heard from a node, whatever about: it lives, and so does its part in this group.</summary>
    /// <param name="node">Who was heard.</param>
    /// <param name="heardAt">When, by this node's clock. In the same life of that node in which this core went to rest.</param>
    /// <param name="now">The present.</param>
    /// <remarks>
    /// It counts only while this core rests. No safety rests on it: it prolongs our patience with a leader, and a leader's
    /// with its followers, and confirms neither a round nor a lease.
    /// </remarks>
    public void Vouch(NodeId node, Instant heardAt, Instant now)
    {
        Observe(now);
        if (!_isResting || heardAt > now)
        {
            return;
        }

        if (_leader is { } leader)
        {
            if (leader.Tracker.Find(node) is { } progress)
            {
                progress.LastContact = Instant.Later(progress.LastContact, heardAt);
                if (Planted.VouchConfirmsRound)
                {
                    progress.ConfirmedRound = leader.Rounds.Start(heardAt);
                    leader.LeaseFromRound = 1;
                }
            }
        }
        else if (_follower?.Leader == node)
        {
            _leaderHeardAt = Instant.Later(_leaderHeardAt, heardAt);
            _electionAt = Instant.Later(_electionAt, heardAt + _electionTimeout);
        }
    }

    /// <summary>What this core, while it rests, needs to know of a peer: a follower of its leader, a leader of everybody.</summary>
    public Reliance RelianceOn(NodeId peer)
    {
        if (!_isResting || peer == _self)
        {
            return Reliance.None;
        }

        return _leader is not { } leader ? (_follower?.Leader == peer ? Reliance.Present : Reliance.None)
            : leader.Tracker.Find(peer) is not { } progress ? Reliance.None
            : IsGone(progress) ? Reliance.Absent
            : Reliance.Present;
    }

    /// <summary>Ends the rest, if there is one: the host no longer hears from a node that counts.</summary>
    public void Wake(Instant now)
    {
        Observe(now);
        WakeUp(isAnswered: false);
    }

    /// <param name="isAnswered">What woke us is the leader's and gets an answer, from which the leader sees that we are awake.</param>
    private void WakeUp(bool isAnswered)
    {
        if (!_isResting)
        {
            return;
        }

        _isResting = false;
        if (_leader is { } leader)
        {
            // Followers may be awake by now, and listening for us.
            leader.HeartbeatAt = _now;
            leader.BusyAt = _now;
            leader.RestRound = 0;

            // Nobody watched the clock meanwhile. Whatever was believed of that time is no ground for a lease.
            OnPause(leader);
        }
        else if (!isAnswered && _follower is { Leader: { } known } follower)
        {
            // It rests, and would stay silent, until we stood against it: with whoever woke us we might even win.
            Send(Draft(MessageKind.HeartbeatReply, known, follower.LeaderIncarnation));
        }
    }

    // What a leader is asked to do itself.
    private void NoteBusy(LeaderState leader)
    {
        WakeUp(isAnswered: true);
        leader.BusyAt = _now;
        leader.RestRound = 0;
    }

    // Whether to end this heartbeat's round with rest: nothing has been going on for long enough.
    private bool WantsRest(LeaderState leader)
    {
        if (_options.RestAfter is not { } after)
        {
            return false;
        }

        if (!IsIdle(leader))
        {
            leader.BusyAt = _now;
        }

        return _now - leader.BusyAt >= after;
    }

    private void TryRest(LeaderState leader)
    {
        if (leader.RestRound == 0 || !IsIdle(leader))
        {
            return;
        }

        foreach (Progress progress in leader.Tracker.All)
        {
            // Who is gone can't agree. When it comes back the host wakes us.
            if (progress != leader.Self && progress.RestedIn != leader.RestRound && !IsGone(progress) && !Planted.RestsWithoutFollowers)
            {
                return;
            }
        }

        leader.RestRound = 0;
        _isResting = true;
    }

    private bool IsIdle(LeaderState leader)
    {
        bool isSettled = _commit == _log.Last.Index && HasOwnTermCommit(leader) && leader.NoticeAt == Instant.Never
            && leader is { Transfer: null, HasJoining: false, OpenMembership: null, IsAbdicating: false, IsLeaseRevoked: false };
        if (!isSettled || !IsAtPeace || !HearsQuorum(leader))
        {
            return false;
        }

        foreach (Progress progress in leader.Tracker.All)
        {
            if (progress != leader.Self && !IsGone(progress) && !HasEverything(progress) && !Planted.RestsWithoutFollowers)
            {
                return false;
            }
        }

        return true;
    }

    // The excuse of a pause keeps a leader in office that hears nobody. At rest it would keep it there for ever.
    private bool HearsQuorum(LeaderState leader) =>
        _now - leader.Tracker.QuorumContact() < _options.ElectionTimeout || Planted.RestsWithoutQuorum;

    private bool HasEverything(Progress progress) =>
        progress is { State: ProgressState.Replicate, AwaitsHostFor: 0 }
        && progress.Match == _log.Last.Index && progress.CommitSent == _commit && progress.Inflights.Count == 0;

    private bool IsGone(Progress progress) => _now - progress.LastContact >= _options.ElectionTimeout;

    // Of either role: nothing is owed to us and nothing by us.
    private bool IsAtPeace =>
        _pendingReads.Count == 0 && _repair is null && _receiving is null && _handover is null && _transferResult is null
        && _persist.Outstanding == 0 && !HasUnordered && _promises.Count == 0 && _durable == _log.Last.Index;

    // A follower rests when it has all that its leader has and knows that it is committed.
    private bool MayRest(in Message heartbeat, FollowerState follower) =>
        heartbeat.Commit == _log.Last.Index && _commit == _log.Last.Index
        && !follower.IsAcknowledgementOwed && !follower.IsStandingOnceDurable && IsAtPeace;
}
