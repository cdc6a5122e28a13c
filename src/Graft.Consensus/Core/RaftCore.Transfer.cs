namespace Graft.Consensus;

// Transfer of leadership: thesis §3.10.
public sealed partial class RaftCore
{
    private Handover? _handover;
    private TransferResult? _transferResult;

    /// <summary>Hands leadership over to a member; the end is told by <see cref="Ready.Transfer"/>.</summary>
    /// <param name="target">A voter that stores payloads, or null for the one that is furthest.</param>
    /// <param name="timeout">After this, writes are taken again if nothing has come of it. An election timeout is usual.</param>
    /// <param name="now">The present.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="timeout"/> is negative, as <c>Timeout.InfiniteTimeSpan</c> is.
    /// </exception>
    public TransferRefusal TransferLeadership(NodeId? target, TimeSpan timeout, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.Zero);
        Observe(now);
        if (_leader is not { } leader)
        {
            return _isStopped ? TransferRefusal.Stopped : TransferRefusal.NotLeader;
        }

        if (leader.Transfer is not null || _transferResult is not null)
        {
            // There is room for one end. Were the next one to begin before the last one's is told, one of them would never be.
            return TransferRefusal.InProgress;
        }

        if (target == _self)
        {
            return TransferRefusal.AlreadyLeader;
        }

        if ((target ?? BestSuccessor(leader)) is not { } successor)
        {
            return TransferRefusal.NobodyEligible;
        }

        if (!IsEligible(successor) || leader.Tracker.Find(successor) is { State: ProgressState.Unfit })
        {
            return TransferRefusal.NotEligible;
        }

        BeginTransfer(leader, successor, timeout, isForStalledDisk: false);
        return TransferRefusal.None;
    }

    private bool IsEligible(NodeId node) =>
        _memberships.Latest.Find(node) is { Role: MemberRole.Voter, IsWitness: false };

    private void BeginTransfer(LeaderState leader, NodeId target, TimeSpan timeout, bool isForStalledDisk)
    {
        NoteBusy(leader);
        leader.Transfer = new Transfer(target, _now + timeout, isForStalledDisk);
        PressTransfer(leader);
    }

    // Sent once the target's log equals ours (no write is taken meanwhile, so it will), and again with each heartbeat:
    // a lost TimeoutNow costs a heartbeat, not an outage.
    private void PressTransfer(LeaderState leader, bool onlyIfReady = false)
    {
        if (leader.Transfer is not { } transfer || (onlyIfReady && transfer.IsSent))
        {
            return;
        }

        if (leader.Tracker.Find(transfer.Target) is { } progress && progress.Match == _log.Last.Index)
        {
            transfer.IsSent = true;
            SendTimeoutNow(leader, transfer.Target);
        }
    }

    private void SendTimeoutNow(LeaderState leader, NodeId target, bool isLeaving = false)
    {
        // From here on the target's voters don't hold their promise to us, so ours to our readers ends first, for the
        // rest of the term: this message may arrive at any later time.
        leader.IsLeaseRevoked = !Planted.TransferKeepsLease;
        Progress progress = leader.Tracker.Find(target)!;
        Send(Draft(MessageKind.TimeoutNow, target, progress.Incarnation) with
        {
            Flags = isLeaving ? MessageFlags.Transfer : MessageFlags.None,
            Last = _log.Last.Index,
        });
    }

    private StepOutcome HandleTimeoutNow(in Message m, FollowerState follower)
    {
        // The leader sends it when our log equals its own. If it doesn't (any more), the call is old: that leader has
        // gone on, and our standing would only cost it its term. One that has left goes nowhere.
        if (!MayCampaign || (_log.Last.Index != m.Last && !m.IsTransfer))
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

    private void EndTransfer(LeaderState leader, Transfer transfer)
    {
        leader.Transfer = Planted.TransferNeverEnds ? transfer : null;
        _transferResult = new TransferResult(transfer.Target, TransferOutcome.TimedOut);
        if (transfer.IsForStalledDisk)
        {
            BecomeFollower(_term, leader: null);
        }
    }

    // A leader whose disk doesn't answer commits on the others' disks, if at all, and serves nobody well. Heartbeats go on
    // meanwhile, so nobody else would notice.
    private void CheckDisk(LeaderState leader)
    {
        bool isFree = leader.Transfer is null && _transferResult is null;
        if (isFree && _now - _persist.OldestAt >= _options.DiskStall && BestSuccessor(leader) is { } successor)
        {
            BeginTransfer(leader, successor, _options.ElectionTimeout, isForStalledDisk: true);
        }
    }

    /// <summary>The voter with payloads that answers and is furthest; the lowest id among equals.</summary>
    private NodeId? BestSuccessor(LeaderState leader)
    {
        Progress? best = null;
        foreach (Progress progress in leader.Tracker.All)
        {
            bool canLead = progress != leader.Self
                && progress.State == ProgressState.Replicate
                && IsEligible(progress.Id)
                && _now - progress.LastContact < _options.ElectionTimeout;
            if (canLead && (best is null || progress.Match > best.Match))
            {
                best = progress;
            }
        }

        return best?.Id;
    }

    private void OpenHandover(LeaderState leader)
    {
        if (leader.Transfer is { } transfer && _transferResult is null)
        {
            _handover = new Handover(transfer.Target, _now + _options.ElectionTimeout);
        }
    }

    private void ConcludeHandover(NodeId winner) =>
        EndHandover(winner == _handover?.Target ? TransferOutcome.Succeeded : TransferOutcome.AnotherLeads);

    private void TickHandover()
    {
        if (_now >= _handover?.Deadline)
        {
            EndHandover(TransferOutcome.NobodyLeads);
        }
    }

    private void EndHandover(TransferOutcome outcome)
    {
        if (_handover is { } handover)
        {
            _transferResult = new TransferResult(handover.Target, outcome);
            _handover = null;
        }
    }
}
