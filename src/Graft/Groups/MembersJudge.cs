using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>Says of a change of members what would come of it. The change itself asks the same, so a plan that isn't refused can be made.</summary>
/// <param name="view">The members now, as their leader sees them.</param>
/// <param name="request">What is asked.</param>
internal sealed class MembersJudge(MembersView view, MembersRequest request)
{
    private readonly List<PlanWarning> _warnings = [];

    /// <param name="refusal">What the core says.</param>
    /// <param name="next">The configuration that it would append.</param>
    internal MembersPlan Judge(MembershipRefusal refusal, Membership next)
    {
        bool isMoveOnly = request.Change.Edits.IsEmpty && !request.Addresses.IsEmpty && refusal == MembershipRefusal.NothingToChange;
        refusal = isMoveOnly ? MembershipRefusal.None : refusal;
        Membership after = refusal == MembershipRefusal.None ? Settled(next) : view.Membership;
        NodeId? successor = null;
        if (refusal == MembershipRefusal.None)
        {
            bool isChanged = next.IsJoint;
            refusal = WhyNotAddresses();
            refusal = refusal == MembershipRefusal.None && isChanged ? WhyNotQuorum(next) : refusal;
            if (refusal == MembershipRefusal.None && isChanged && !VotesAfter(next, view.Leader))
            {
                successor = BestSuccessor(next);
                refusal = WhyNotHandover(successor);
            }

            Warn(after, isChanged);
        }

        return new MembersPlan
        {
            Request = request with { Expected = view.Index },
            Now = view,
            After = refusal == MembershipRefusal.None ? after : view.Membership,
            Successor = successor,
            Refusal = refusal,
            Why = refusal == MembershipRefusal.None ? "" : $"The change \"{request.Change}\" of {view.Membership} was refused: {Explain(refusal, next)}.",
            Warnings = refusal == MembershipRefusal.None ? [.. _warnings] : [],
        };
    }

    /// <summary>What a configuration comes to: not joint any more, and all who join have joined.</summary>
    private static Membership Settled(Membership next) => Membership.Of((next.IsJoint ? next.LeaveJoint() : next).Members.ToArray()
        .Select(static member => member.Role == MemberRole.Joining ? member with { Role = MemberRole.Voter } : member));

    private static bool VotesAfter(Membership next, NodeId node) => next.Find(node) is { Role: MemberRole.Voter };

    private MembershipRefusal WhyNotAddresses()
    {
        foreach ((NodeId node, NodeAddress _) in request.Addresses)
        {
            if (!view.Membership.Contains(node) && !IsAdded(node))
            {
                return MembershipRefusal.NotMember;
            }
        }

        if (FirstWithoutAddress() is not { } lost)
        {
            return MembershipRefusal.None;
        }

        if (request.Force)
        {
            _warnings.Add(new PlanWarning(PlanWarningKind.NoAddress, $"Nobody has said where {lost} is; until it says so itself, nothing reaches it."));
            return MembershipRefusal.None;
        }

        return MembershipRefusal.NoAddress;
    }

    private bool IsAdded(NodeId node) =>
        request.Change.Edits.Any(edit => edit.Node == node && edit.Verb is MembershipVerb.Add or MembershipVerb.AddLearner or MembershipVerb.AddWitness);

    /// <summary>Where nodes are that are no members yet, as the replicated address book says.</summary>
    internal required Func<NodeId, bool> HasAddress { private get; init; }

    private NodeId? FirstWithoutAddress()
    {
        foreach (MembershipEdit edit in request.Change.Edits)
        {
            if (IsAdded(edit.Node) && !HasAddress(edit.Node) && !request.Addresses.Any(row => row.Node == edit.Node))
            {
                return edit.Node;
            }
        }

        return null;
    }

    private MembershipRefusal WhyNotQuorum(Membership next)
    {
        MajorityQuorum quorum = next.Quorum.Incoming;
        int answering = Answering(next);
        if (answering >= quorum.Size)
        {
            return MembershipRefusal.None;
        }

        if (request.Force)
        {
            _warnings.Add(new PlanWarning(PlanWarningKind.QuorumUnreachable, $"{DescribeAnswering(next)}. The change is made by force and may never be done."));
            return MembershipRefusal.None;
        }

        return MembershipRefusal.QuorumUnreachable;
    }

    private MembershipRefusal WhyNotHandover(NodeId? successor)
    {
        if (successor is { } next)
        {
            _warnings.Add(new PlanWarning(PlanWarningKind.LeaderLeaves, $"{view.Leader} leads, and hands leadership to {next} first."));
            return MembershipRefusal.None;
        }

        if (request.Force)
        {
            _warnings.Add(new PlanWarning(PlanWarningKind.LeaderLeaves, $"{view.Leader} leads, and goes by force although nobody can follow it now."));
            return MembershipRefusal.None;
        }

        return MembershipRefusal.HandoverFailed;
    }

    private NodeId? BestSuccessor(Membership next) => view.Members
        .Where(member => member.Node != view.Leader
            && member.Member is { Role: MemberRole.Voter, IsWitness: false }
            && VotesAfter(next, member.Node)
            && member.IsReachable
            && member.Phase is CatchUpPhase.Log or CatchUpPhase.CaughtUp)
        .OrderByDescending(static member => member.Match)
        .FirstOrDefault()?.Node;

    private int Answering(Membership next)
    {
        int count = 0;
        foreach (NodeId voter in next.IncomingVoters)
        {
            count += view.Find(voter) is { IsReachable: true } ? 1 : 0;
        }

        return count;
    }

    private void Warn(Membership after, bool isChanged)
    {
        MajorityQuorum quorum = after.Quorum.Incoming;
        bool changesVoters = isChanged || quorum.Voters != view.Membership.Quorum.Incoming.Voters;
        if (changesVoters && quorum.Voters % 2 == 0)
        {
            Add(PlanWarningKind.EvenVoters, $"{quorum.Voters} voters need {quorum.Size} and can lose {quorum.Tolerance}, no more than {quorum.Voters - 1} could.");
        }

        if (changesVoters && quorum.Tolerance == 0)
        {
            Add(PlanWarningKind.ToleratesNothing, $"Of {quorum.Voters} voters all are needed: none may fail.");
        }

        foreach (MemberView member in view.Members)
        {
            if (member.IsReachable)
            {
                continue;
            }

            string silent = $"{member.Node} hasn't answered for {member.SilentFor.TotalSeconds.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)} s";
            if (!after.Contains(member.Node))
            {
                Add(PlanWarningKind.RemovedUnreachable, $"{silent}; it can't be told that it is removed, and finds out when it comes back.");
            }
            else if (after.IsVoter(member.Node))
            {
                Add(PlanWarningKind.VoterUnreachable, $"{silent} and stays a voter.");
            }
        }

        if (changesVoters && quorum.Tolerance > 0 && Answering(after) == quorum.Size && _warnings.Any(static warning => warning.Kind == PlanWarningKind.VoterUnreachable))
        {
            Add(PlanWarningKind.NoVoterToSpare, $"{DescribeAnswering(after)}: none of them may fail.");
        }
    }

    private void Add(PlanWarningKind kind, string text) => _warnings.Add(new PlanWarning(kind, text));

    private string DescribeAnswering(Membership next)
    {
        string silent = string.Join(", ", next.IncomingVoters.ToArray().Where(voter => view.Find(voter) is not { IsReachable: true }));
        return $"{Answering(next)} of {next.IncomingVoters.Length} voters answer ({silent} don't), and {next.Quorum.Incoming.Size} are needed";
    }

    private string Explain(MembershipRefusal refusal, Membership next) => refusal switch
    {
        MembershipRefusal.ChangeInProgress => $"the change at index {view.Index} isn't done yet; wait for it",
        MembershipRefusal.NoOwnTermCommit => "the leader is new and has committed nothing yet; ask again in a moment",
        MembershipRefusal.IndexMismatch => $"the configuration is the one of index {view.Index} by now, not that of index {request.Expected}; look at it and decide anew",
        MembershipRefusal.TransferInProgress => "leadership is being handed over; ask the next leader",
        MembershipRefusal.Overloaded => "too many entries are uncommitted; ask again in a moment",
        MembershipRefusal.NothingToChange => "it changes nothing",
        MembershipRefusal.EditedTwice => $"it speaks of {Culprit(edit => request.Change.Edits.Count(other => other.Node == edit.Node) > 1)} twice; one line says what becomes of a node",
        MembershipRefusal.AlreadyMember => $"{Culprit(edit => IsAdded(edit.Node) && view.Membership.Contains(edit.Node))} is a member already; promote or demote it instead",
        MembershipRefusal.NotMember => $"{StrangerName()} is no member",
        MembershipRefusal.NotLearner => $"{Culprit(edit => edit.Verb == MembershipVerb.Promote && view.Membership.IsVoter(edit.Node))} votes already; only a learner can be promoted",
        MembershipRefusal.NotVoter => $"{Culprit(edit => edit.Verb == MembershipVerb.Demote && !view.Membership.IsVoter(edit.Node))} doesn't vote; only a voter can be demoted",
        MembershipRefusal.NotCaughtUp => $"{DescribeSlow()}, and a quorum with it in might not be able to commit; wait until it has caught up",
        MembershipRefusal.NoVoterLeft => "no voter that stores payloads would be left; add another one first",
        MembershipRefusal.TooManyWitnesses => "witnesses alone would make a quorum, and a commit might be stored nowhere; add voters that store payloads",
        MembershipRefusal.TooManyMembers => $"there would be more than {Membership.MembersMax} members",
        MembershipRefusal.NoAddress => $"nobody has said where {FirstWithoutAddress()} is; give its address with the change, or start it so that it joins by itself",
        MembershipRefusal.QuorumUnreachable => $"{DescribeAnswering(next)}, so it might never be done; bring them back first, or use force",
        MembershipRefusal.HandoverFailed => $"{view.Leader} leads and would lose its vote, and no voter that stays has answered lately and could lead; bring one back first, or use force",
        _ => $"the log of {view.Leader} has failed",
    };

    private string Culprit(Func<MembershipEdit, bool> isIt) => request.Change.Edits.Where(isIt).Select(static edit => edit.Node.ToString()).FirstOrDefault() ?? "a node";

    private string StrangerName()
    {
        ImmutableArray<NodeId> named = [.. request.Change.Edits.Where(edit => !IsAdded(edit.Node)).Select(static edit => edit.Node), .. request.Addresses.Select(static row => row.Node)];
        return named.Where(node => !view.Membership.Contains(node) && !IsAdded(node)).Select(static node => node.ToString()).FirstOrDefault() ?? "a node that it speaks of";
    }

    private string DescribeSlow()
    {
        MemberView? slow = request.Change.Edits.Where(static edit => edit.Verb == MembershipVerb.Promote).Select(edit => view.Find(edit.Node))
            .FirstOrDefault(static member => member is not { Phase: CatchUpPhase.CaughtUp, IsReachable: true });
        return slow is null ? "the learner hasn't caught up" : $"{slow.Node} hasn't caught up ({slow.Lag} entries behind, {slow.Phase})";
    }
}
