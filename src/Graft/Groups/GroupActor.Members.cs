using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <content>Who belongs to the group, and changes of it.</content>
internal sealed partial class GroupActor
{
    private readonly List<(EntryId Change, TaskCompletionSource<LogIndex> Done)> _changes = [];

    // The committed configuration that removed this node, as somebody who would know has told.
    private LogIndex? _removedAt;

    /// <summary>What a change would do. Asked of the leader.</summary>
    /// <exception cref="MembershipRefusedException">This node doesn't lead.</exception>
    internal Task<MembersPlan> PlanMembersAsync(MembersRequest request) => AskAsync<MembersPlan>((done, now) =>
    {
        if (RefuseIfNotLeading(done))
        {
            return;
        }

        done.SetResult(Plan(request, now));
    });

    /// <summary>The members as this leader sees them.</summary>
    /// <exception cref="MembershipRefusedException">This node doesn't lead.</exception>
    internal Task<MembersView> ListMembersAsync() => AskAsync<MembersView>((done, now) =>
    {
        if (!RefuseIfNotLeading(done))
        {
            done.SetResult(ViewMembers(now));
        }
    });

    /// <summary>Changes the members; ends once the change is committed and nobody is joint any more.</summary>
    /// <exception cref="MembershipRefusedException">It wasn't begun.</exception>
    internal Task<LogIndex> ChangeMembersAsync(MembersRequest request) => AskAsync<LogIndex>((done, now) =>
    {
        if (RefuseIfNotLeading(done))
        {
            return;
        }

        MembersPlan plan = Plan(request, now);
        if (plan.IsRefused)
        {
            done.SetException(plan.ToException());
            return;
        }

        MembershipProposal proposal = _core.ProposeMembership(request.Change, plan.Now.Index, now);
        Invariant.Check(proposal.IsAppended, plan.Now.Index, _id);
        _changes.Add((proposal.Entry, done));
    });

    /// <summary>The group as this node knows it, for whoever looks for its leader.</summary>
    internal Task<GroupInfo> DescribeAsync() => AskAsync<GroupInfo>((done, _) => done.SetResult(
        new GroupInfo(_core.Term, _core.Leader, _applied, _core.MembershipIndex, _core.Membership, [.. _addresses.Select(static row => (row.Key, row.Value))])
        {
            IsChanging = _core.Membership.IsJoint || _core.MembershipIndex > _core.CommitIndex,
        }));

    /// <summary>Somebody who would know says that a committed configuration no longer has this node.</summary>
    /// <param name="index">Which one.</param>
    /// <param name="shallStop">Whether the node was asked to stop.</param>
    internal void NoteRemoved(LogIndex index, bool shallStop) => Tell(now =>
    {
        // A later configuration than the one that is spoken of may have brought it back.
        if (_core.MembershipIndex > index || _core.Role == Role.Leader)
        {
            return;
        }

        _core.Retire(now);
        _removedAt = index;
        _services.Removed?.Invoke(new Removal(_id, index, shallStop));
    });

    /// <summary>Why nobody need wait for a leader here, if this node was removed; from any thread.</summary>
    internal RejectedException? WhyRemoved => View.Removed is not { } index ? null
        : new RejectedException(RejectReason.Removed, $"{_core.Id} was removed from {_id} by the configuration at index {index}; ask a member.");

    private bool RefuseIfNotLeading<T>(TaskCompletionSource<T> done)
    {
        if (_core.Role == Role.Leader)
        {
            return false;
        }

        done.SetException(new MembershipRefusedException(
            MembershipRefusal.NotLeader,
            $"{_core.Id} doesn't lead {_id}; {(_core.Leader is { } node ? $"{node} does" : "nobody is known to")}.",
            _core.MembershipIndex,
            _core.Leader));
        return true;
    }

    private MembersPlan Plan(MembersRequest request, Instant now)
    {
        var judge = new MembersJudge(ViewMembers(now), request) { HasAddress = _addresses.ContainsKey };
        return judge.Judge(_core.JudgeMembership(request.Change, request.Expected ?? _core.MembershipIndex, now, out Membership next), next);
    }

    private MembersView ViewMembers(Instant now)
    {
        RaftStatus status = _core.Status(now);
        ImmutableArray<MemberView>.Builder members = ImmutableArray.CreateBuilder<MemberView>(status.Members.Length);
        foreach (Member member in status.Membership.Members)
        {
            if (status.Members.FirstOrDefault(each => each.Member.Id == member.Id) is { } seen)
            {
                members.Add(ViewOf(seen));
            }
        }

        return new MembersView(
            _core.Id, status.Term, status.MembershipIndex, status.LogEnd.Index, status.Membership, status.IsMembershipChanging, members.ToImmutable());
    }

    private MemberView ViewOf(MemberStatus seen) => new()
    {
        Member = seen.Member,
        Address = _addresses.GetValueOrDefault(seen.Member.Id, ""),
        Phase = PhaseOf(seen),
        Match = seen.Match,
        Lag = seen.Lag,
        SilentFor = seen.SilentFor,
        IsReachable = seen.SilentFor <= _electionTimeout,
        SnapshotBytes = seen.SnapshotBytes,
        SnapshotTotal = seen.SnapshotTotal,
    };

    private static CatchUpPhase PhaseOf(MemberStatus seen) => seen.State switch
    {
        ProgressState.Suspect => CatchUpPhase.Suspect,
        ProgressState.Unfit => CatchUpPhase.Unfit,
        ProgressState.Snapshot => CatchUpPhase.Snapshot,
        ProgressState.Probe when seen.Incarnation == Incarnation.Unknown => CatchUpPhase.Unheard,
        ProgressState.Probe => CatchUpPhase.Probing,
        _ when seen.IsTooSlow => CatchUpPhase.TooSlow,
        _ => seen.IsCaughtUp ? CatchUpPhase.CaughtUp : CatchUpPhase.Log,
    };

    private void EndChanges(LogIndex committed)
    {
        if (_changes.Count == 0 || _core.Membership.IsJoint || _core.MembershipIndex > committed)
        {
            return;
        }

        foreach ((EntryId _, TaskCompletionSource<LogIndex> done) in _changes)
        {
            done.TrySetResult(_core.MembershipIndex);
        }

        _changes.Clear();
    }
}
