namespace Graft.Consensus;

// Changes of the configuration: thesis §4.1 (in force when appended), §4.2 (catching up, leaving), §4.3 (joint consensus).
public sealed partial class RaftCore
{
    private Membership _publishedMembership;
    private bool _isRetired;

    /// <summary>Begins a change of members. It is done when the configuration is committed and no longer joint.</summary>
    /// <param name="change">What is to become of whom.</param>
    /// <param name="expected">
    /// The <see cref="MembershipIndex"/> that the caller looked at: a change made against another configuration than the
    /// caller saw is refused.
    /// </param>
    /// <param name="now">The present.</param>
    public MembershipProposal ProposeMembership(MembershipChange change, LogIndex expected, Instant now)
    {
        ArgumentNullException.ThrowIfNull(change);
        Observe(now);
        MembershipRefusal refusal = WhyNotChange(change, expected, out Membership next);
        return refusal == MembershipRefusal.None
            ? new MembershipProposal(refusal, AppendOwn(_leader!, next))
            : new MembershipProposal(refusal, default);
    }

    /// <summary>What <see cref="ProposeMembership"/> would answer now, without doing it.</summary>
    /// <param name="change">What would become of whom.</param>
    /// <param name="expected">As there.</param>
    /// <param name="now">The present.</param>
    /// <param name="next">The configuration that would be appended, joint if the voters differ; the one in force if it's refused.</param>
    public MembershipRefusal JudgeMembership(MembershipChange change, LogIndex expected, Instant now, out Membership next)
    {
        ArgumentNullException.ThrowIfNull(change);
        Observe(now);
        return WhyNotChange(change, expected, out next);
    }

    private MembershipRefusal WhyNotChange(MembershipChange change, LogIndex expected, out Membership next)
    {
        next = _memberships.Latest;
        if (_leader is not { } leader)
        {
            return _isStopped ? MembershipRefusal.Stopped : MembershipRefusal.NotLeader;
        }

        if (IsChangeInProgress && !Planted.ChangesOverlap)
        {
            return MembershipRefusal.ChangeInProgress;
        }

        if (!HasOwnTermCommit(leader) && !Planted.ChangeBeforeOwnTermCommit)
        {
            return MembershipRefusal.NoOwnTermCommit;
        }

        if (leader.Transfer is not null)
        {
            return MembershipRefusal.TransferInProgress;
        }

        if (expected != _memberships.LatestIndex)
        {
            return MembershipRefusal.IndexMismatch;
        }

        if (!HasRoomFor(leader, 1, 0))
        {
            return MembershipRefusal.Overloaded;
        }

        if (change.Edits.IsEmpty)
        {
            return MembershipRefusal.NothingToChange;
        }

        if (_memberships.Latest.IsJoint)
        {
            return MembershipRefusal.ChangeInProgress;
        }

        MembershipRefusal refusal = _memberships.Latest.TryChange(change, out next);
        return refusal == MembershipRefusal.None && !ArePromotedReady(leader, change) ? MembershipRefusal.NotCaughtUp : refusal;
    }

    /// <summary>A configuration that isn't committed, or a joint one that isn't left: no other may be begun (thesis §4.1).</summary>
    private bool IsChangeInProgress => _memberships.LatestIndex > _commit || _memberships.Latest.IsJoint;

    private bool ArePromotedReady(LeaderState leader, MembershipChange change)
    {
        foreach (MembershipEdit edit in change.Edits)
        {
            if (edit.Verb == MembershipVerb.Promote && !IsCaughtUp(leader.Tracker.Find(edit.Node)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether it stands no more, because of <see cref="Retire"/>.</summary>
    public bool IsRetired => _isRetired;

    /// <summary>Stands no more: the host has learned that a committed change removed this node. Who speaks to it as its leader takes that back.</summary>
    /// <remarks>
    /// A removed node isn't sent the configuration without it, so it would ask the others for ever; they refuse (thesis §4.2.3), and it
    /// costs them a message each time. Its promises stand: it still answers who asks for its vote.
    /// </remarks>
    public void Retire(Instant now)
    {
        Observe(now);
        if (_leader is not null)
        {
            return;
        }

        _isRetired = true;
        if (_candidate is not null)
        {
            BecomeFollower(_term, leader: null);
        }
    }

    // Shown in this term and in its present life, and answering now: a quorum with it in could commit.
    private bool IsCaughtUp(Progress? progress) =>
        progress is { State: ProgressState.Replicate, CatchUp.IsDone: true }
        && _now - progress.LastContact < _options.ElectionTimeout;

    // In force from the moment it is in the log, committed or not (thesis §4.1).
    private void AdoptMembership(LeaderState leader)
    {
        Membership membership = _memberships.Latest;
        leader.Tracker.Adopt(membership, _options, _log.Last.Index, _now);
        leader.Self = leader.Tracker.Find(_self);
        if (leader.Self is { } self)
        {
            // Our own entry in the table: what is durable here, and every round of ours.
            self.TryAcknowledge(_durable, _now);
            self.ConfirmedRound = leader.Rounds.Current;
        }

        leader.OpenMembership = _memberships.LatestIndex;
        leader.HasJoining = false;
        foreach (Member member in membership.Members)
        {
            leader.HasJoining |= member.Role == MemberRole.Joining;
        }
    }

    // The joint configuration is left as soon as it is committed by both halves, and not before: until then the old half
    // is all that holds a rival back.
    private void OnMembershipMayBeCommitted(LeaderState leader)
    {
        if (leader.OpenMembership is not { } open || (open > _commit && !Planted.JointLeftBeforeCommit))
        {
            return;
        }

        leader.OpenMembership = null;
        if (_memberships.Latest.IsJoint)
        {
            AppendOwn(leader, _memberships.Latest.LeaveJoint());
        }
        else if (!_memberships.Latest.IsVoter(_self))
        {
            leader.IsAbdicating = !Planted.RemovedLeaderStays;
        }

        PromoteCaughtUp(leader);
    }

    private void PromoteCaughtUp(LeaderState leader)
    {
        if (!leader.HasJoining || IsChangeInProgress || !HasOwnTermCommit(leader) || leader.Transfer is not null)
        {
            return;
        }

        MembershipChange change = MembershipChange.None;
        Membership next = _memberships.Latest;
        foreach (Member member in _memberships.Latest.Members)
        {
            if (member.Role == MemberRole.Joining
                && (IsCaughtUp(leader.Tracker.Find(member.Id)) || Planted.PromotedUnseen)
                && _memberships.Latest.TryChange(change.Promote(member.Id), out Membership with) == MembershipRefusal.None)
            {
                (change, next) = (change.Promote(member.Id), with);
            }
        }

        if (!change.Edits.IsEmpty)
        {
            AppendOwn(leader, next);
        }
    }

    // The change that took our vote is committed: tell those who stay, ask the best of them to stand, and go (thesis §4.2.2).
    private void Abdicate(LeaderState leader)
    {
        foreach (Progress progress in leader.Tracker.All)
        {
            if (progress != leader.Self)
            {
                SendHeartbeat(progress, round: 0, asksRest: false);
            }
        }

        if (BestSuccessor(leader) is { } successor)
        {
            SendTimeoutNow(leader, successor, isLeaving: true);
        }

        BecomeFollower(_term, leader: null);
    }
}
