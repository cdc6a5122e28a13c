using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>Who belongs to a group, and changes of it: the same from a node of it and from a client, and the same exceptions.</summary>
/// <remarks>
/// Any thread. What is asked goes to the leader, wherever it is. A change isn't sent a second time once it may have been received: whoever
/// gets an unknown outcome looks with <see cref="ListAsync"/> and decides. With the index of a configuration that was looked at, a change is
/// safe to repeat.
/// </remarks>
public sealed class Roster
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(100);

    // One of them may be lost with the leader that it was sent to.
    private const int LooksMax = 3;

    private readonly Func<ushort, byte[], TimeSpan, CancellationToken, ValueTask<WriteResult>> _ask;
    private readonly TimeProvider _time;

    /// <summary>Made by what a group is reached through.</summary>
    /// <param name="ask">Brings a call to the leader and its answer back: method, body, how long the whole may take (the default if zero), and whether the caller gives up.</param>
    /// <param name="time">The clock.</param>
    public Roster(Func<ushort, byte[], TimeSpan, CancellationToken, ValueTask<WriteResult>> ask, TimeProvider time) => (_ask, _time) = (ask, time);

    /// <summary>The members as their leader sees them: what each is, where, how far behind, when last heard.</summary>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="RejectedException">No leader answered in time.</exception>
    /// <exception cref="UnknownOutcomeException">The leader's answer is of a version that this one can't read. Nothing was to be done, so nothing is in doubt.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<MembersView> ListAsync(TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        WriteResult listed;
        try
        {
            listed = await _ask(CallMethod.ListMembers, [], timeout, cancellation);
        }
        catch (UnknownOutcomeException unanswered)
        {
            // Nothing was to be done, so nothing is in doubt.
            throw new RejectedException(RejectReason.TimedOut, unanswered.Message);
        }

        return MembersView.TryRead(listed.Answer.Span) ?? throw Unreadable("a list of members");
    }

    /// <summary>Says what a change would do, and changes nothing.</summary>
    /// <param name="request">What is to become of whom.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The members before and after, what that stands, warnings; or the refusal and its reason, which isn't thrown.</returns>
    /// <exception cref="RejectedException">No leader answered in time.</exception>
    /// <exception cref="UnknownOutcomeException">The leader's answer is of a version that this one can't read. Nothing was changed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<MembersPlan> PlanAsync(MembersRequest request, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        WriteResult planned;
        try
        {
            planned = await _ask(CallMethod.PlanMembers, request.Encode(), timeout, cancellation);
        }
        catch (UnknownOutcomeException unanswered)
        {
            throw new RejectedException(RejectReason.TimedOut, unanswered.Message);
        }

        return MembersPlan.TryRead(planned.Answer.Span, request) ?? throw Unreadable("a plan");
    }

    /// <summary>Changes members, all that is asked for in one step. Who is added as a voter begins as a learner and is promoted once it has caught up: <see cref="FollowAsync"/>.</summary>
    /// <param name="request">What is to become of whom; <see cref="MembersPlan.Request"/> of a plan makes it what was planned, or refuses it.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Ends the wait, not the change.</param>
    /// <returns>The new configuration's index, committed and not joint, and who of the removed knows of it.</returns>
    /// <exception cref="MembershipRefusedException">It wasn't begun; code and message say why. Of <see cref="MembersRequest.Addresses"/> some may have been announced.</exception>
    /// <exception cref="RejectedException">No leader took it in time; it wasn't begun.</exception>
    /// <exception cref="UnknownOutcomeException">It may have been begun, and may yet be done.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the change isn't known.</exception>
    public async Task<MembersChanged> ChangeAsync(MembersRequest request, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        WriteResult changed = await _ask(CallMethod.ChangeMembers, request.Encode(), timeout, cancellation);
        ImmutableArray<NodeId>.Builder told = ImmutableArray.CreateBuilder<NodeId>();
        for (ReadOnlyMemory<byte> rest = changed.Answer; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            told.Add(new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(rest.Span)));
        }

        return new MembersChanged(changed.Index, told.ToImmutable());
    }

    /// <summary>Says, through the log, where a member is from now on. It's the same node: nothing else changes.</summary>
    /// <param name="node">The member.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="timeout">How long the whole call may take; the default if zero.</param>
    /// <param name="cancellation">Ends the wait, not the word.</param>
    /// <exception cref="MembershipRefusedException">It wasn't said; code and message say why.</exception>
    /// <exception cref="RejectedException">No leader took it in time; it wasn't said.</exception>
    /// <exception cref="UnknownOutcomeException">It may be in the log or not. Saying it again is safe.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async Task MoveAsync(NodeId node, NodeAddress address, TimeSpan timeout = default, CancellationToken cancellation = default) =>
        await ChangeAsync(new MembersRequest(MembershipChange.None) { Addresses = [(node, address)] }, timeout, cancellation);

    /// <summary>Follows a member on its way to the end of the log, until it's there or can't get there.</summary>
    /// <param name="node">The member.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>
    /// Ten looks a second; the last has <see cref="CatchUpProgress.IsEnd"/>. A member that is too slow ends it too, and stays what it is.
    /// </returns>
    /// <exception cref="MembershipRefusedException">It's no member, or no longer.</exception>
    /// <exception cref="RejectedException">No leader answered in time, four times in a row, or none can ever.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async IAsyncEnumerable<CatchUpProgress> FollowAsync(NodeId node, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var meter = new CatchUpMeter(_time);
        while (true)
        {
            MembersView view = await LookAgainAsync(cancellation);
            MemberView member = view.Find(node)
                ?? throw new MembershipRefusedException(
                    MembershipRefusal.NotMember, $"{node} is no member; the members are {view.Membership}.", view.Index, view.Leader);
            CatchUpProgress progress = meter.Measure(view, member);
            yield return progress;
            if (progress.IsEnd)
            {
                yield break;
            }

            await Task.Delay(FollowInterval, _time, cancellation);
        }
    }

    /// <summary>Puts one node in another's place: the new one catches up as a learner, then one change makes it a voter and removes the old.</summary>
    /// <param name="outgoing">Who goes.</param>
    /// <param name="incoming">Who comes; a learner already, or a node that waits at <paramref name="address"/>.</param>
    /// <param name="address">Where the new one is, if it's no member yet and hasn't said so itself.</param>
    /// <param name="stopRemoved">Whether the old one is asked to stop.</param>
    /// <param name="progress">Told how the new one catches up.</param>
    /// <param name="cancellation">Ends it where it is: the new one stays a learner, or the change goes its way.</param>
    /// <exception cref="MembershipRefusedException">
    /// It wasn't begun, or the new one is too slow (<see cref="MembershipRefusal.NotCaughtUp"/>): it stays a learner then, and can be removed.
    /// </exception>
    /// <exception cref="RejectedException">No leader took a step in time. The new one may be a learner by then; look with <see cref="ListAsync"/>, and call again.</exception>
    /// <exception cref="UnknownOutcomeException">A step may have been begun.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<MembersChanged> ReplaceAsync(
        NodeId outgoing,
        NodeId incoming,
        NodeAddress? address = null,
        bool stopRemoved = false,
        IProgress<CatchUpProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        MembersView view = await ListAsync(default, cancellation);
        if (view.Find(outgoing) is null)
        {
            throw new MembershipRefusedException(
                MembershipRefusal.NotMember, $"{outgoing} is to be replaced and is no member; the members are {view.Membership}.", view.Index, view.Leader);
        }

        if (view.Find(incoming) is null)
        {
            var add = new MembersRequest(MembershipChange.None.AddLearner(incoming), view.Index) { Addresses = address is { } known ? [(incoming, known)] : [] };
            await ChangeAsync(add, default, cancellation);
        }

        CatchUpProgress? last = null;
        await foreach (CatchUpProgress step in FollowAsync(incoming, cancellation))
        {
            progress?.Report(step);
            last = step;
        }

        view = await ListAsync(default, cancellation);
        if (last is not { Phase: CatchUpPhase.CaughtUp })
        {
            throw new MembershipRefusedException(MembershipRefusal.NotCaughtUp, $"{outgoing} wasn't replaced: {last}", view.Index, view.Leader);
        }

        MembershipChange change = view.Find(incoming) is { Member.Role: MemberRole.Learner } ? MembershipChange.None.Promote(incoming) : MembershipChange.None;
        return await ChangeAsync(new MembersRequest(change.Remove(outgoing), view.Index) { StopRemoved = stopRemoved }, default, cancellation);
    }

    // Whoever leads may be lost meanwhile; the next one knows nothing of the member yet and starts over.
    private async Task<MembersView> LookAgainAsync(CancellationToken cancellation)
    {
        for (int failures = 0; ; failures++)
        {
            try
            {
                return await ListAsync(default, cancellation);
            }
            catch (RejectedException passing) when (failures < LooksMax && WriteAttempt.IsPassing(passing.Reason))
            {
                await Task.Delay(FollowInterval, _time, cancellation);
            }
        }
    }

    private static UnknownOutcomeException Unreadable(string what) => new($"The leader answered with something else than {what} that this version knows.", default);
}
