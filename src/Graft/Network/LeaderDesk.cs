using System.Buffers.Binary;
using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>Takes what only the leader can say or do, about members and about leadership itself: at the leader it's done here, elsewhere it's passed on.</summary>
/// <param name="forwarder">Finds the leader.</param>
/// <param name="endpoint">The way to other nodes.</param>
/// <param name="clock">The node's clock.</param>
internal sealed class LeaderDesk(Forwarder forwarder, Endpoint endpoint, NodeClock clock)
{
    // Who is removed is told, and given up soon: it finds out by itself.
    private static readonly TimeSpan TellPatience = TimeSpan.FromSeconds(1);

    private const double TransferShare = 0.9;

    /// <summary>How long a call may take that says nothing.</summary>
    internal required TimeSpan DefaultTimeout { private get; init; }

    /// <summary>Brings a question about members, or a change of them, to the leader.</summary>
    /// <param name="group">Whose members.</param>
    /// <param name="method">One of <see cref="CallMethod"/>'s three about members.</param>
    /// <param name="body">Its body.</param>
    /// <param name="timeout">How long the whole may take; the default if zero.</param>
    /// <param name="hops">How often it was passed on before it came here.</param>
    /// <param name="cancellation">The caller gives up.</param>
    /// <exception cref="RejectedException">Nothing happened.</exception>
    /// <exception cref="UnknownOutcomeException">It may have.</exception>
    internal ValueTask<WriteResult> AskAsync(
        GroupActor group, ushort method, ReadOnlyMemory<byte> body, TimeSpan timeout, byte hops, CancellationToken cancellation)
    {
        MembersRequest? request = method == CallMethod.ListMembers ? null
            : MembersRequest.TryRead(body.Span)
                ?? throw new RejectedException(RejectReason.Malformed, "The body is not a change of members that this version knows.");
        return forwarder.AskLeaderAsync(
            group,
            method,
            body,
            left => method switch
            {
                CallMethod.ListMembers => ListAsync(group),
                CallMethod.PlanMembers => PlanAsync(group, request!),
                _ => ChangeAsync(group, request!, left),
            },
            timeout > TimeSpan.Zero ? timeout : DefaultTimeout,
            hops,
            cancellation);
    }

    /// <summary>Has leadership handed over.</summary>
    /// <param name="group">Whose.</param>
    /// <param name="call">To whom.</param>
    /// <param name="timeout">How long the whole may take; the default if zero.</param>
    /// <param name="hops">How often it was passed on before it came here.</param>
    /// <param name="cancellation">The caller gives up.</param>
    /// <returns>A <see cref="TransferReply"/>.</returns>
    /// <exception cref="RejectedException">It wasn't begun.</exception>
    /// <exception cref="UnknownOutcomeException">It may have been.</exception>
    internal ValueTask<WriteResult> TransferAsync(GroupActor group, TransferCall call, TimeSpan timeout, byte hops, CancellationToken cancellation) =>
        forwarder.AskLeaderAsync(
            group,
            CallMethod.Transfer,
            call.Encode(),
            left => TransferAsync(group, call.Target, left),
            timeout > TimeSpan.Zero ? timeout : DefaultTimeout,
            hops,
            cancellation);

    // It ends a little before its caller's time does, or nobody would be told how.
    private static async Task<WriteResult> TransferAsync(GroupActor group, NodeId? target, TimeSpan left) =>
        new(LogIndex.Zero, TransferReply.Encode(await group.TransferAsync(target, Patience.Of(left * TransferShare))));

    private static async Task<WriteResult> ListAsync(GroupActor group)
    {
        MembersView view = await group.ListMembersAsync();
        return new WriteResult(view.Index, view.Encode());
    }

    private static async Task<WriteResult> PlanAsync(GroupActor group, MembersRequest request)
    {
        MembersPlan plan = await group.PlanMembersAsync(request);
        return new WriteResult(plan.Now.Index, plan.Encode());
    }

    private async Task<WriteResult> ChangeAsync(GroupActor group, MembersRequest request, TimeSpan left)
    {
        Instant deadline = clock.Now + left;
        MembersPlan plan = await group.PlanMembersAsync(request);
        if (plan.IsRefused)
        {
            throw plan.ToException();
        }

        // First of all: whoever leads next has to be able to reach whom this leader adds.
        foreach ((NodeId node, NodeAddress address) in request.Addresses)
        {
            await AnnounceAsync(group, node, address.ToString(), deadline - clock.Now);
        }

        if (request.Change.Edits.IsEmpty)
        {
            return new WriteResult(plan.Now.Index, default);
        }

        if (plan.Successor is { } successor)
        {
            await HandOverAsync(group, plan, successor, deadline - clock.Now);
        }

        LogIndex index;
        try
        {
            // What was looked at is what is changed, whatever came in between.
            index = await DoAsync(group, plan.Request).WaitAsync(Patience.Of(deadline - clock.Now), clock.Time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            throw new UnknownOutcomeException($"The change \"{request.Change}\" was begun and wasn't done within {left.TotalSeconds:0.#} s; it may yet be.", default);
        }

        byte[] told = await TellRemovedAsync(group, request, index, deadline - clock.Now);
        foreach (MembershipEdit edit in request.Change.Edits)
        {
            if (edit.Verb == MembershipVerb.Remove)
            {
                _ = ForgetAsync(group, edit.Node);
            }
        }

        return new WriteResult(index, told);
    }

    // A wait with a limit completes where its task does. This one's does so here, and not on whatever thread completes a source.
    private static async Task<LogIndex> DoAsync(GroupActor group, MembersRequest request) => await group.ChangeMembersAsync(request);

    // The old leader would go on until the change is committed and leave the others to an election. So the next one is found first, and does it.
    private static async Task HandOverAsync(GroupActor group, MembersPlan plan, NodeId successor, TimeSpan left)
    {
        TransferResult result;
        try
        {
            result = await group.TransferAsync(successor, left < group.ElectionTimeout * 2 ? Patience.Of(left) : group.ElectionTimeout * 2);
        }
        catch (RejectedException refused) when (refused.Reason == RejectReason.Malformed)
        {
            // Something has come in between since it was planned. Asked anew, the plan says what; by force it isn't waited for.
            if (plan.Request.Force)
            {
                return;
            }

            throw new MembershipRefusedException(MembershipRefusal.TransferInProgress, $"{refused.Message} Nothing was changed.", plan.Now.Index, group.View.Leader);
        }

        if (result.Outcome is TransferOutcome.Succeeded or TransferOutcome.AnotherLeads)
        {
            throw new RejectedException(RejectReason.NotLeader, $"Leadership was handed over; {group.View.Leader} makes the change.", group.View.Leader);
        }

        if (!plan.Request.Force || group.View.Role != Role.Leader)
        {
            throw new MembershipRefusedException(
                MembershipRefusal.HandoverFailed,
                $"The change \"{plan.Request.Change}\" takes the leader's vote, and leadership couldn't be handed to {successor} first ({result}); nothing was changed.",
                plan.Now.Index,
                group.View.Leader);
        }
    }

    // All at once, and with some of the caller's time left: the change is committed, and whoever asked for it is to hear that.
    private async Task<byte[]> TellRemovedAsync(GroupActor group, MembersRequest request, LogIndex index, TimeSpan left)
    {
        NodeId[] removed = [.. request.Change.Edits.Where(static edit => edit.Verb == MembershipVerb.Remove).Select(static edit => edit.Node)];
        TimeSpan patience = left / 2 < TellPatience ? left / 2 : TellPatience;
        bool[] areTold = patience <= TimeSpan.Zero ? new bool[removed.Length]
            : await Together.EndAsync(removed.Select(node => IsToldAsync(group.Id, node, new RemovedCall(index, request.StopRemoved), patience)));
        NodeId[] told = [.. removed.Where((_, i) => areTold[i])];
        byte[] answer = new byte[told.Length * sizeof(ulong)];
        for (int i = 0; i < told.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(answer.AsSpan(i * sizeof(ulong)), told[i].Value);
        }

        return answer;
    }

    private async Task<bool> IsToldAsync(GroupId group, NodeId node, RemovedCall call, TimeSpan patience)
    {
        try
        {
            CallReply reply = await endpoint.CallAsync(node, CallMethod.Removed, group, call.Encode(), patience, hops: 0, CancellationToken.None);
            return reply.Status == ReplyStatus.Done;
        }
        catch (CallException)
        {
            return false;
        }
    }

    // Nobody need look for it any more. If this is lost, somebody does, in vain.
    private async Task ForgetAsync(GroupActor group, NodeId node)
    {
        try
        {
            await AnnounceAsync(group, node, address: "", DefaultTimeout);
        }
        catch (GraftException)
        {
        }
    }

    private static async Task AnnounceAsync(GroupActor group, NodeId node, string address, TimeSpan left) =>
        await group.WriteAsync(
            WriteForm.Announce, AddressBook.Encode(node, address), new WriteOptions { Timeout = Patience.Of(left), IsLocalOnly = true }, CancellationToken.None);
}
