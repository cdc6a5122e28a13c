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
    private readonly CancellationTokenSource _watch = new();
    private Task _watching = Task.CompletedTask;

    /// <summary>
    /// Ends when the node has learned that it was removed from a group, by a leader's word or by asking around when it came back. In that group it idles
    /// from then on: it stands for nothing and answers for itself alone. If it was asked to stop when it was removed from the last of its groups, it stops.
    /// </summary>
    /// <remarks>It tells of the first group alone; <see cref="GroupStatus.Removed"/> tells of each. It never ends if the node isn't removed.</remarks>
    public Task<Removal> Removed => _removed.Task;

    /// <summary>What came of leaving at the stop, in a sentence; null if the node wasn't to leave or hasn't been stopped.</summary>
    public string? Parting { get; private set; }

    /// <summary>Takes this node out of all its groups; it stays up, and idles. A leader hands leadership over first.</summary>
    /// <remarks>One group after the other. The first that refuses ends it: the groups before it are left, those behind it aren't. Calling it again goes on.</remarks>
    /// <param name="timeout">How long it may take in each group; the default if zero.</param>
    /// <exception cref="MembershipRefusedException">It can't go; the message says why. The last voter never can.</exception>
    /// <exception cref="RejectedException">No leader took the change in time; it wasn't begun.</exception>
    /// <exception cref="UnknownOutcomeException">The change may have been begun.</exception>
    public async Task LeaveAsync(TimeSpan timeout)
    {
        foreach (GroupActor group in _runtime.AllGroups())
        {
            if (group.View.Membership.Contains(Id) && group.View.Removed is null)
            {
                var request = new MembersRequest(MembershipChange.None.Remove(Id));
                await _desk.AskAsync(group, CallMethod.ChangeMembers, request.Encode(), timeout, hops: 0, CancellationToken.None);
            }
        }
    }

    private GraftGroup Handle(GroupActor group) => new(group, _desk, _runtime.Clock.Time);

    private async Task TryLeaveAsync()
    {
        try
        {
            await LeaveAsync(_options.LeaveTimeout);
            Parting = $"{Id} has left its cluster.";
        }
        catch (MembershipRefusedException refused) when (refused.Refusal == MembershipRefusal.NoVoterLeft)
        {
            Parting = $"{Id} is the last voter and stays a member.";
        }
        catch (GraftException failure)
        {
            Parting = $"{Id} couldn't leave and stays a member, as far as it knows. {failure.Message}";
        }
    }

    private void OnRemoved(Removal removal)
    {
        _removed.TrySetResult(removal);
        if (removal.ShallStop && Array.TrueForAll(_runtime.AllGroups(), group => group.Id == removal.Group || group.View.Removed is not null))
        {
            _runtime.Scheduler.Start(() => _ = StopSoonAsync());
        }
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
        _watch.Dispose();
    }

    // In a method of its own, because in an asynchronous one the analyzers ask for CancelAsync, which leaves the context.
    private void CancelWatch() => _watch.Cancel();

    private async Task WatchAsync(bool isBorn)
    {
        CancellationToken stopping = _watch.Token;
        var leaderless = new SortedSet<GroupId>();
        bool isAnnounced = isBorn;
        try
        {
            while (true)
            {
                isAnnounced = isAnnounced || await IsAnnouncedAsync(stopping);
                if (!isAnnounced && _options.Join.Count > 0)
                {
                    // Those who look for it where it was can't tell it where they are, and its own log may not reach as far.
                    await NewJoining().DescribeAsync(DefaultGroup, _network.Learn, stopping);
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

        while (left.TryDequeue(out NodeId node))
        {
            if (!asked.Add(node) || _network.AddressOf(node) is null)
            {
                continue;
            }

            try
            {
                CallReply reply = await _network.Endpoint.CallAsync(node, CallMethod.Describe, group.Id, default, AskPatience, hops: 0, stopping);
                if (reply.Status != ReplyStatus.Done || GroupInfo.TryRead(reply.Body.Span) is not { } info || info.MembershipIndex <= group.View.MembershipIndex)
                {
                    continue;
                }

                if (info is { Leader: not null, IsChanging: false } && !info.Membership.Contains(Id))
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
            if (view.IsWitness)
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
                    await AnnounceAsync(group);
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
