using System.Collections.Immutable;

namespace Graft.Consensus;

// The core as others see it: status for people, invariants for machines.
public sealed partial class RaftCore
{
    /// <summary>This core at one moment, for people and for a host that asks why.</summary>
    /// <param name="now">The present.</param>
    public RaftStatus Status(Instant now)
    {
        Observe(now);
        return new RaftStatus
        {
            Node = _self,
            Role = Role,
            Term = _term,
            Leader = Leader,
            VotedFor = _votedFor,
            WhyNoLeader = WhyNoLeader(),
            LogKind = _logKind,
            LogStart = _log.Base,
            LogEnd = _log.Last,
            Durable = _durable,
            Commit = _commit,
            Membership = _memberships.Latest,
            MembershipIndex = _memberships.LatestIndex,
            IsMembershipChanging = IsChangeInProgress,
            LastCampaign = _lastCampaign,
            Members = _leader is { } leader ? DescribeMembers(leader) : [],
            LeaseUntil = _leader is { } holder && HasLease(holder) ? LeaseEnd(holder) : null,
            TransferTarget = _leader?.Transfer?.Target,
            ReadsPending = _pendingReads.Count,
            IsRepairing = IsRepairing,
            IsResting = _isResting,
            DiskOwesFor = _persist.Outstanding == 0 ? TimeSpan.Zero : _now - _persist.OldestAt,
            SingleCopyAbove = _leader is { } counter ? FindSingleCopy(counter) : null,
            Refusals = [.. _refusals.ToList()],
        };
    }

    /// <summary>Checks what must hold of this one core at any moment between two inputs.</summary>
    /// <exception cref="InvariantViolationException">It doesn't hold; nothing this core says may be believed.</exception>
    public void CheckInvariants()
    {
        Invariant.Check(_log.Base.Index <= _commit, _log.Base, _commit);
        Invariant.Check(_commit <= _log.Last.Index, _commit, _log.Last);
        Invariant.Check(_durable <= _log.Last.Index, _durable, _log.Last);
        Invariant.Check(_ordered <= _log.Last.Index, _ordered, _log.Last);
        Invariant.Check(_log.Last.Term <= _term, _log.Last, _term);
        Invariant.Check(_memberships.LatestIndex <= _log.Last.Index, _memberships.LatestIndex, _log.Last);
        Invariant.Check(_snapshot is null || _snapshot.Last.Index <= _commit);
        Invariant.Check(_snapshot is not null || _log.Base == EntryId.Zero, _log.Base, _self);
        Invariant.Check(_pendingReads.Count <= _options.ReadsPendingMax);
        int roles = (_follower is null ? 0 : 1) + (_candidate is null ? 0 : 1) + (_leader is null ? 0 : 1);
        Invariant.Check(roles == 1, roles, _term);
        if (_follower is { } follower)
        {
            Invariant.Check(follower.Verified <= _log.Last.Index, follower.Verified, _log.Last);
            Invariant.Check(follower.Leader != _self, follower.Leader, _self);
        }

        if (_candidate is { IsPreVote: false })
        {
            Invariant.Check(_votedFor == _self, _votedFor, _self);
        }

        if (_leader is { } leader)
        {
            CheckLeader(leader);
        }
    }

    private void CheckLeader(LeaderState leader)
    {
        Invariant.Check(_votedFor == _self, _votedFor, _self);
        Invariant.Check(_log.Last.Term == _term, _log.Last, _term);
        Invariant.Check(_logKind == LogKind.Full || Planted.AnybodyCampaigns, _self, _term);
        Invariant.Check(leader.FirstIndex <= _log.Last.Index, leader.FirstIndex, _log.Last);

        // One change at a time: of its own, a leader never has two that aren't committed.
        LogIndex settled = LogIndex.Max(_commit, leader.FirstIndex.Previous);
        Invariant.Check(_memberships.CountAbove(settled) <= 1, _memberships.LatestIndex, settled);
        Invariant.Check(leader.Tracker.All.Length == _memberships.Latest.Members.Length);
        foreach (Progress progress in leader.Tracker.All)
        {
            progress.CheckInvariants(_log.Last.Index);
        }
    }

    private Leaderlessness WhyNoLeader()
    {
        if (_isStopped)
        {
            return Leaderlessness.Stopped;
        }

        if (Leader is not null)
        {
            return Leaderlessness.None;
        }

        return _memberships.Latest.Members.IsEmpty ? Leaderlessness.NoMembership
            : _repair is not null ? Leaderlessness.Repairing
            : _isRetired ? Leaderlessness.Removed
            : !MayCampaign ? Leaderlessness.CannotLead
            : _candidate is not null ? Leaderlessness.WaitingForVotes
            : _now - _persist.OldestAt >= _options.ElectionTimeout ? Leaderlessness.DiskStalled
            : _lastCampaign is { } last && last.Term >= _term ? Leaderlessness.CampaignRefused
            : Leaderlessness.WaitingForTimeout;
    }

    private ImmutableArray<MemberStatus> DescribeMembers(LeaderState leader)
    {
        ImmutableArray<MemberStatus>.Builder members = ImmutableArray.CreateBuilder<MemberStatus>(leader.Tracker.All.Length);
        foreach (Progress progress in leader.Tracker.All)
        {
            bool isSelf = progress == leader.Self;
            members.Add(new MemberStatus(
                _memberships.Latest.Find(progress.Id)!.Value,
                isSelf ? ProgressState.Replicate : progress.State,
                progress.Match,
                isSelf ? _log.Last.Index.Next : progress.Next,
                _log.Last.Index - progress.Match,
                progress.Inflights.Count,
                progress.Inflights.Bytes,
                isSelf ? TimeSpan.Zero : _now - progress.LastContact,
                !isSelf && _now - progress.LastContact > _options.Heartbeat * 2,
                isSelf ? _options.Incarnation : progress.Incarnation,
                progress.Snapshot?.Last,
                progress.SnapshotBytes,
                progress.Snapshot?.Bytes ?? 0,
                isSelf || progress.CatchUp.IsDone || !progress.IsNonVoter,
                progress.IsNonVoter && progress.CatchUp.IsTooSlow));
        }

        return members.MoveToImmutable();
    }

    private Instant LeaseEnd(LeaderState leader) =>
        leader.Rounds.StartedAt(leader.Tracker.ConfirmedRound()) + _options.LeaseDuration;

    // What the second of the members that store payloads has: above it there is one copy.
    private LogIndex? FindSingleCopy(LeaderState leader)
    {
        bool hasWitness = false;
        LogIndex most = LogIndex.Zero;
        LogIndex second = LogIndex.Zero;
        foreach (Progress progress in leader.Tracker.All)
        {
            hasWitness |= progress.IsWitness;
            if (!progress.IsWitness)
            {
                (most, second) = progress.Match > most ? (progress.Match, most) : (most, LogIndex.Max(second, progress.Match));
            }
        }

        return hasWitness && second < _commit ? second : null;
    }
}
