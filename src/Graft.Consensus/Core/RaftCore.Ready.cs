namespace Graft.Consensus;

// Turns what the inputs have left behind into orders for the host.
public sealed partial class RaftCore
{
    private readonly Ready _ready = new();
    private LogIndex _publishedCommit;
    private (Role Role, Term Term, NodeId? Leader) _publishedLeadership;

    /// <summary>Concludes a batch of inputs: what the host has to do about them.</summary>
    /// <returns>This core's one <see cref="Ready"/>, valid until the next call.</returns>
    public Ready TakeReady(Instant now)
    {
        Observe(now);
        Ready ready = _ready;
        ready.Clear();
        PlaceReads();
        if (_leader is { } leader)
        {
            ReplicateToAll(leader);
        }

        GivePersistOrder(ready);
        ready.Exchange(ref _outbox, ref _readResults, ref _ownEntries);
        Publish(ready);
        _wakeAt = ComputeNextDeadline();
        return ready;
    }

    private void ReplicateToAll(LeaderState leader)
    {
        foreach (Progress progress in leader.Tracker.All)
        {
            if (progress != leader.Self)
            {
                Replicate(leader, progress);
            }
        }

        if (_now >= leader.NoticeAt)
        {
            SendCommitNotices(leader);
        }

        if (leader.IsAbdicating)
        {
            Abdicate(leader);
        }
    }

    // For followers that no append has told: without writes the next one may be long in coming.
    private void SendCommitNotices(LeaderState leader)
    {
        leader.NoticeAt = Instant.Never;
        foreach (Progress progress in leader.Tracker.All)
        {
            if (progress != leader.Self && progress.CommitSent < LogIndex.Min(_commit, progress.Match))
            {
                SendHeartbeat(progress, round: 0, asksRest: false);
            }
        }
    }

    private void Publish(Ready ready)
    {
        ready.IsCommitAdvanced = _commit > _publishedCommit;
        ready.Commit = _commit;
        _publishedCommit = _commit;

        (Role, Term, NodeId?) leadership = (Role, _term, Leader);
        ready.IsLeadershipChanged = leadership != _publishedLeadership;
        _publishedLeadership = leadership;
        (ready.Role, ready.Term, ready.Leader) = leadership;

        if (!ReferenceEquals(_publishedMembership, _memberships.Latest))
        {
            _publishedMembership = _memberships.Latest;
            ready.MembershipChange = _publishedMembership;
        }

        ready.Transfer = _transferResult;
        _transferResult = null;
        ready.SnapshotToAbandon = _abandoned;
        _abandoned = null;
        if (_isReceivingNew && _receiving is { } receiving && _persist.CompletedThrough >= _logKindIn)
        {
            // A snapshot is stored by itself. Were it there after a crash and the kind of the log were not, nobody could
            // say any more whether there is a state behind it.
            _isReceivingNew = false;
            ready.SnapshotToReceive = receiving.Snapshot;
            ready.SnapshotFrom = receiving.From;
        }
    }

    private Instant ComputeNextDeadline()
    {
        if (_isStopped || _isResting)
        {
            return Instant.Never;
        }

        Instant deadline = Instant.Earlier(_earliestReadDeadline, _retryReadsAt);
        if (_leader is { } leader)
        {
            deadline = Instant.Earlier(deadline, Instant.Earlier(leader.HeartbeatAt, leader.NoticeAt));
            return leader.Transfer is { } transfer ? Instant.Earlier(deadline, transfer.Deadline) : deadline;
        }

        deadline = Instant.Earlier(deadline, _electionAt);
        return _handover is { } handover ? Instant.Earlier(deadline, handover.Deadline) : deadline;
    }
}
