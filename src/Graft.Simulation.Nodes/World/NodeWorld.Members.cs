using Graft.Consensus;
using Graft.Network;

namespace Graft.Simulation.Nodes;

/// <content>Members that come, go and change what they are.</content>
public sealed partial class NodeWorld
{
    private const int MachinesMax = 8;

    private static readonly MemberKind[] Kinds = [MemberKind.Voter, MemberKind.Voter, MemberKind.Voter, MemberKind.Learner, MemberKind.Witness];

    private void Join()
    {
        SimulatedNode node = NewNode(Kinds[_faults.Next(0, Kinds.Length - 1)]);
        Note(node.Name, $"is new, and joins as {node.Kind}");
        Start(node);
    }

    private void ChangeMembers(NodeFault fault, SimulatedNode at, GraftNode asked)
    {
        if (Pick() is not { Id: { } target } node)
        {
            return;
        }

        MembershipChange change = fault switch
        {
            NodeFault.Promote => MembershipChange.None.Promote(target),
            NodeFault.Demote => MembershipChange.None.Demote(target),
            _ => MembershipChange.None.Remove(target),
        };
        var request = new MembersRequest(change) { StopRemoved = _faults.Chance(500) };
        if (fault == NodeFault.Replace && _nodes.Count < MachinesMax)
        {
            Join();
        }

        at.Process!.Start(() => ChangeMembersAsync(at, asked, node, request));
    }

    private async Task ChangeMembersAsync(SimulatedNode at, GraftNode asked, SimulatedNode node, MembersRequest request)
    {
        Note(at.Name, $"asks for {request.Change} ({node.Name})");
        TimeSpan timeout = TimeSpan.FromSeconds(6);
        Call call = Begin(at.Process!, $"change {request.Change}", timeout);
        try
        {
            MembersChanged changed = await asked.Group().Roster.ChangeAsync(request, timeout, CancellationToken.None);
            End(call, $"changed at {changed.Index}");
        }
        catch (GraftException refused) when (refused is RejectedException or UnknownOutcomeException)
        {
            End(call, $"{refused.GetType().Name}: {refused.Message}");
        }
    }

    /// <summary>Whoever was removed finds that out, and is switched off.</summary>
    private async Task RetireRemovedAsync()
    {
        // A change that was under way when the faults ended may end after them.
        await DelayAsync(TimeSpan.FromSeconds(8));
        MembersView? view = null;
        await UntilAsync(() => Members.Any(static node => node.Running is { } running && running.Group().IsLeader), "somebody leads");
        for (int i = 0; i < 100 && view is null or { IsChanging: true }; i++)
        {
            SimulatedNode? leader = _nodes.Find(static node => node.Running is { } running && running.Group().IsLeader);
            view = leader is null ? null : await AskAsync(leader, static running => ListAsync(running));
            await DelayAsync(TimeSpan.FromMilliseconds(200));
        }

        _ledger.Require(view is { IsChanging: false }, $"a change of members comes to its end: {view?.Membership} ({Describe()})");
        foreach (SimulatedNode node in Members.Where(node => node.Id is { } id && !view!.Membership.Contains(id)).ToArray())
        {
            await UntilAsync(() => node.Running is not { } running || running.Removed.IsCompleted, $"{node.Name} knows that it was removed from {view!.Membership}");
            Retire(node, "was removed");
        }
    }

    private static async Task<MembersView?> ListAsync(GraftNode running)
    {
        try
        {
            return await running.Group().Roster.ListAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        }
        catch (RejectedException)
        {
            return null;
        }
    }

    private void Retire(SimulatedNode node, string why)
    {
        if (!node.IsRetired)
        {
            Note(node.Name, $"{why}, and is switched off");
            node.IsRetired = true;
            node.Process!.Die();
            DropCalls(node.Process);
            (node.State, node.Node, node.Machine) = (NodeState.Down, null, null);
            _network.Lose(node.Name, isDark: false);
        }
    }
}
