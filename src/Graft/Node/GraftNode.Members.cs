using System.Runtime.ExceptionServices;
using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <content>The node as a member: removed, leaving, moved.</content>
public sealed partial class GraftNode
{
    // Seldom, and only while nobody leads: a node that was removed while it was away has nothing better to do.
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AskPatience = TimeSpan.FromSeconds(1);

    // Long enough for the answer to whoever told us to stop.
    private static readonly TimeSpan StopDelay = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource<Removal> _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SortedDictionary<GroupId, LogIndex> _removedFrom = [];
    private readonly Lock _removals = new();

#pragma warning disable CA2213 // It has neither a timer nor a wait handle, and a node may fail while it's being stopped.
    private readonly CancellationTokenSource _watch = new();
#pragma warning restore CA2213
    private readonly CancellationToken _stopping;
    private Task _watching = Task.CompletedTask;
    private bool _isUp;

    /// <summary>
    /// Ends when the node has learned that it was removed from a group, by a leader's word or by asking around when it came back. In that group it idles
    /// from then on: it stands for nothing and answers for itself alone. If it was asked to stop when it was removed from the last of its groups, it stops.
    /// </summary>
    /// <remarks>It tells of the first group alone; <see cref="GroupStatus.Removed"/> tells of each. It never ends if the node isn't removed.</remarks>
    public Task<Removal> Removed => _removed.Task;

    /// <summary>What came of leaving at the stop, in a sentence; null if the node wasn't to leave or hasn't been stopped.</summary>
    public string? Parting { get; private set; }

    /// <summary>Takes this node out of all its groups; it stays up, and idles. A leader hands leadership over first.</summary>
    /// <param name="timeout">How long it may take, in all groups at once.</param>
    /// <exception cref="MembershipRefusedException">It can't go from some group, though it has left those that it could; the message says why. The last voter never can.</exception>
    /// <exception cref="RejectedException">No leader took the change in time, of some group.</exception>
    /// <exception cref="UnknownOutcomeException">The change may have been begun, in some group.</exception>
    public async Task LeaveAsync(TimeSpan timeout)
    {
        foreach ((GroupId _, GraftException? failure) in await LeaveAllAsync(timeout))
        {
            if (failure is not null)
            {
                ExceptionDispatchInfo.Throw(failure);
            }
        }
    }

    // At once: a group that nobody leads would use up the time of those behind it.
    private Task<(GroupId Group, GraftException? Failure)[]> LeaveAllAsync(TimeSpan timeout) => Together.EndAsync(
        _runtime.AllGroups().Where(group => group.View.Membership.Contains(Id) && group.View.Removed is null).Select(group => LeaveAsync(group, timeout)));

    private async Task<(GroupId Group, GraftException? Failure)> LeaveAsync(GroupActor group, TimeSpan timeout)
    {
        try
        {
            var request = new MembersRequest(MembershipChange.None.Remove(Id));
            await _desk.AskAsync(group, CallMethod.ChangeMembers, request.Encode(), timeout, hops: 0, CancellationToken.None);
            return (group.Id, null);
        }
        catch (GraftException failure)
        {
            return (group.Id, failure);
        }
    }

    private GraftGroup Handle(GroupActor group) => new(group, _desk, _runtime.Clock.Time);

    private async Task TryLeaveAsync()
    {
        (GroupId Group, GraftException? Failure)[] left = await LeaveAllAsync(_options.LeaveTimeout);
        string[] stays = [.. left.Where(static each => each.Failure is not null).Select(each => DescribeStay(each.Group, each.Failure!, left.Length > 1))];
        Parting = stays.Length == 0 ? $"{Id} has left its cluster."
            : stays.Length == left.Length ? string.Join(" ", stays)
            : $"{Id} has left {string.Join(", ", left.Where(static each => each.Failure is null).Select(static each => each.Group))}. {string.Join(" ", stays)}";
    }

    private string DescribeStay(GroupId group, GraftException failure, bool isOneOfMany)
    {
        string of = isOneOfMany ? $" of {group}" : "";
        return failure is MembershipRefusedException { Refusal: MembershipRefusal.NoVoterLeft }
            ? $"{Id} is the last voter{of} and stays a member."
            : $"{Id} couldn't leave and stays a member{of}, as far as it knows. {failure.Message}";
    }

    // In the turn of the group that it was removed from, and of several at a time: what their views say is of the turn before.
    private void OnRemoved(Removal removal)
    {
        bool isGone;
        lock (_removals)
        {
            _removedFrom[removal.Group] = removal.Index;
            isGone = Array.TrueForAll(_runtime.AllGroups(), IsNoMemberOf);
        }

        _removed.TrySetResult(removal);
        if (removal.ShallStop && isGone)
        {
            _runtime.Scheduler.Start(() => _ = StopSoonAsync());
        }
    }

    // A group that it never belonged to holds nobody up. One that took it back has a later configuration.
    private bool IsNoMemberOf(GroupActor group)
    {
        GroupView view = group.View;
        return !view.Membership.Contains(Id) || (_removedFrom.TryGetValue(group.Id, out LogIndex index) && view.MembershipIndex <= index);
    }

    private async Task StopSoonAsync()
    {
        await Task.Delay(StopDelay, _runtime.Clock.Time, CancellationToken.None);
        await DisposeAsync();
    }

    private async Task StopWatchingAsync()
    {
        CancelWatch();
        await _watching;
    }

    // In a method of its own, because in an asynchronous one the analyzers ask for CancelAsync, which leaves the context.
    private void CancelWatch() => _watch.Cancel();

    // Joined already, it goes on joining what an earlier start hadn't come to; what can't be joined now holds nothing else up.
    private async Task WatchAsync(bool isAnnounced, GroupActor[] missing)
    {
        CancellationToken stopping = _stopping;
        Task joining = Together.EndAsync(missing.Select(group => JoinLateAsync(group, stopping)));
        try
        {
            await LookAfterAsync(isAnnounced, stopping);
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
#pragma warning disable CA1031 // Nobody awaits this loop until the stop; what it met is the node's to tell.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            _runtime.Fail(bug);
        }

        await joining;
    }

    private async Task JoinLateAsync(GroupActor group, CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                try
                {
                    await JoinAsync(group, WatchInterval, stopping);
                    return;
                }
                catch (IOException failure)
                {
                    _runtime.Events?.NotJoined(group.Id, failure.Message);
                }

                await Task.Delay(WatchInterval, _runtime.Clock.Time, stopping);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
#pragma warning disable CA1031 // As above.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            _runtime.Fail(bug);
        }
    }

    private async Task LookAfterAsync(bool isAnnounced, CancellationToken stopping)
    {
        var leaderless = new SortedSet<GroupId>();
        while (true)
        {
            isAnnounced = isAnnounced || await IsAnnouncedAsync(stopping);
            if (!isAnnounced && _options.Join.Count > 0)
            {
                // Those who look for it where it was can't tell it where they are, and its own log may not reach as far.
                await NewJoining(WatchInterval).DescribeAsync(DefaultGroup, _network.Learn, stopping);
            }

            await Task.Delay(WatchInterval, _runtime.Clock.Time, stopping);
            foreach (GroupActor group in _runtime.AllGroups())
            {
                GroupView view = group.View;
                bool isWaiting = view.Leader is null && view.Removed is null && view.Membership.Members.Length > 0;
                if (!isWaiting)
                {
                    leaderless.Remove(group.Id);
                }
                else if (!leaderless.Add(group.Id))
                {
                    await AskWhetherRemovedAsync(group, stopping);
                }
            }
        }
    }

    // A removed node isn't sent the configuration without it. Others of the group know; and if all that it knows of were replaced while it
    // was away, those know the ones that came after them.
    private async Task AskWhetherRemovedAsync(GroupActor group, CancellationToken stopping)
    {
        var asked = new SortedSet<NodeId> { Id };
        var left = new Queue<NodeId>();
        foreach (Member member in group.View.Membership.Members)
        {
            left.Enqueue(member.Id);
        }

        // A witness has no addresses from the log, and after a restart none that anybody said: those that it once joined through know some.
        if (_options.Join.Count > 0)
        {
            (GroupInfo? found, string _) = await NewJoining(WatchInterval).DescribeAsync(group.Id, _network.Learn, stopping);
            foreach ((NodeId known, string _) in found?.Addresses ?? [])
            {
                left.Enqueue(known);
            }
        }

        while (left.TryDequeue(out NodeId node))
        {
            if (!asked.Add(node) || _network.AddressOf(node) is null)
            {
                continue;
            }

            try
            {
                CallReply reply = await _network.Endpoint.CallAsync(node, CallMethod.Describe, group.Id, default, AskPatience, hops: 0, stopping);
                if (reply.Status != ReplyStatus.Done || GroupInfo.TryRead(reply.Body.Span) is not { } info)
                {
                    continue;
                }

                if (info is { Leader: not null, IsChanging: false } && info.MembershipIndex > group.View.MembershipIndex && !info.Membership.Contains(Id))
                {
                    group.NoteRemoved(info.MembershipIndex, shallStop: false);
                    return;
                }

                foreach ((NodeId known, string address) in info.Addresses)
                {
                    Learn(known, address);
                    left.Enqueue(known);
                }
            }
            catch (CallException)
            {
                // The next one, then.
            }
        }
    }

    // A node that was started at another address than the group knows says so through the log: whoever leads next has to find it.
    private async Task<bool> IsAnnouncedAsync(CancellationToken stopping)
    {
        string address = (_options.Advertised ?? Address).ToString();
        foreach (GroupActor group in _runtime.AllGroups())
        {
            GroupView view = group.View;
            if (view.IsWitness || view.Membership.Members.IsEmpty)
            {
                continue;
            }

            if (view.Leader is null || !view.Membership.Contains(Id))
            {
                return false;
            }

            try
            {
                await group.ReadAsync(ReadConsistency.Linearizable, query: null, AskPatience, stopping);
                GroupInfo info = await group.DescribeAsync();
                if (!info.Addresses.Any(row => row.Node == Id && row.Address == address))
                {
                    await AnnounceAsync(group, stopping);
                }
            }
            catch (GraftException)
            {
                return false;
            }
        }

        return true;
    }
}
