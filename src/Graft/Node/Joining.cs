using Graft.Consensus;
using Graft.Network;
using Microsoft.Extensions.Logging;

namespace Graft;

/// <summary>The way of a new node into its cluster, through whichever member answers.</summary>
internal sealed partial class Joining(Endpoint endpoint, INetwork network, CallConnectionOptions caller, NodeOptions options, NodeId self, NodeClock clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PauseUnanswered = TimeSpan.FromSeconds(1);

    private readonly SortedDictionary<NodeId, NodeAddress> _known = [];
    private bool _hasReported;

    /// <summary>Between two attempts.</summary>
    internal required TimeSpan Pause { private get; init; }

    /// <summary>Asks those it's to join which cluster theirs is, until one answers: nodes that are started together come up in any order.</summary>
    /// <param name="options">The addresses, and for how long.</param>
    /// <param name="seams">The network and the clock.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="HelloRefusedException">Somebody is there and refuses this program; waiting wouldn't change its mind.</exception>
    /// <exception cref="IOException">Nobody answered in time; the message says what became of each address.</exception>
    internal static async Task<ClusterId> FindClusterAsync(NodeOptions options, NodeSeams seams, CancellationToken cancellation)
    {
        var clock = new NodeClock(seams.Time);
        Instant deadline = clock.Now + options.JoinTimeout;
        string said = "";
        while (true)
        {
            List<string> answers = [];
            foreach (NodeAddress address in options.Join)
            {
                try
                {
                    await using CallConnection connection = await CallConnection.OpenAsync(new CallConnectionOptions(), seams.Network, address, seams.Time, cancellation);
                    return connection.Server.Cluster;
                }
                catch (IOException failure) when (failure is not HelloRefusedException { Refusal.IsPassing: false })
                {
                    answers.Add($"{address}: {failure.Message}");
                }
            }

            string all = string.Join(" ", answers);
            if (clock.Now >= deadline)
            {
                throw new IOException($"Nobody of the cluster to join answered in {options.JoinTimeout.TotalSeconds:0.#} s. {all}");
            }

            // The same again and again is no news.
            if (options.Logger is { } logger && all != said)
            {
                Log.Unanswered(logger, all);
                said = all;
            }

            await Task.Delay(PauseUnanswered, seams.Time, cancellation);
        }
    }

    /// <summary>Has itself announced and added, and waits until it is what it was to become.</summary>
    /// <param name="group">Its own side of the group, empty as yet.</param>
    /// <param name="roster">Who belongs to it.</param>
    /// <param name="address">Where it's reached.</param>
    /// <param name="learned">Told where others are.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">
    /// It didn't come about in time, or can't any more; the message says how far it got. As a member it can be removed again.
    /// </exception>
    internal async Task RunAsync(GroupActor group, Roster roster, NodeAddress address, Action<NodeId, NodeAddress> learned, CancellationToken cancellation)
    {
        Instant deadline = clock.Now + options.JoinTimeout;
        string progress = "Nobody has answered yet.";
        bool isAdded = false;
        while (!IsWhatItWasToBecome(group))
        {
            cancellation.ThrowIfCancellationRequested();
            if (group.IsOver || group.WhyRemoved is not null)
            {
                throw new IOException($"{self} won't join {group.Id}. {(group.WhyRemoved is { } removed ? removed.Message : "The group has ended on this node.")}");
            }

            if (clock.Now >= deadline)
            {
                throw new IOException($"{self} hasn't joined {group.Id} in {options.JoinTimeout.TotalSeconds:0} s. {progress}");
            }

            if (!isAdded)
            {
                (isAdded, progress) = await TryAddAsync(group.Id, address, learned, cancellation);
            }

            if (isAdded && group.View.Leader is not null)
            {
                progress = await FollowAsync(roster, deadline, cancellation);
            }

            await Task.Delay(Pause, clock.Time, cancellation);
        }

        if (options.JoinProgress is not null && !_hasReported)
        {
            // It was there before anybody looked. Whoever shows progress waits for its end.
            await FollowAsync(roster, deadline, cancellation);
        }
    }

    // Ends with what there is to say if the time runs out. One that is too slow goes on: it may get there yet.
    private async Task<string> FollowAsync(Roster roster, Instant deadline, CancellationToken cancellation)
    {
        string progress = "It's a member, and is catching up.";
        try
        {
            await foreach (CatchUpProgress step in roster.FollowAsync(self, cancellation))
            {
                options.JoinProgress?.Report(step);
                _hasReported = true;
                progress = step.ToString();
                if (clock.Now >= deadline)
                {
                    break;
                }
            }
        }
        catch (RejectedException refused)
        {
            progress = refused.Message;
        }

        return progress;
    }

    private bool IsWhatItWasToBecome(GroupActor group)
    {
        Membership members = group.View.Membership;
        return members.Find(self) is { } me && !members.IsJoint && me.Role == (options.JoinAs == MemberKind.Learner ? MemberRole.Learner : MemberRole.Voter);
    }

    private async Task<(bool IsAdded, string Progress)> TryAddAsync(
        GroupId group, NodeAddress address, Action<NodeId, NodeAddress> learned, CancellationToken cancellation)
    {
        (GroupInfo? info, string progress) = await DescribeAsync(group, learned, cancellation);
        if (info is null)
        {
            return (false, progress);
        }

        if (info.Membership.Contains(self))
        {
            // A configuration that isn't committed may be replaced by one without this node, and then it has to ask again.
            return (!info.IsChanging, info.IsChanging ? "It's being made a member." : "It's a member, and is catching up.");
        }

        // Whoever has founded a cluster may have said in one group only where it is.
        if (info.Leader is not { } leader || (!_known.ContainsKey(leader) && endpoint.FindAddress?.Invoke(leader) is null))
        {
            return (false, $"{group} has no leader, or nobody says where it is.");
        }

        MembershipChange change = options.JoinAs switch
        {
            MemberKind.Learner => MembershipChange.None.AddLearner(self),
            MemberKind.Witness => MembershipChange.None.AddWitness(self),
            _ => MembershipChange.None.Add(self),
        };
        byte[] add = new MembersRequest(change, info.MembershipIndex) { Addresses = [(self, address)] }.Encode();
        try
        {
            CallReply reply = await endpoint.CallAsync(leader, CallMethod.ChangeMembers, group, add, Patience, hops: 0, cancellation);
            if (reply.Status != ReplyStatus.Done)
            {
                return (false, FailureReply.TryRead(reply.Body.Span, out FailureReply failure) ? failure.Text : $"{leader} refused (status {reply.Status:x}).");
            }
        }
        catch (CallException unanswered)
        {
            return (false, unanswered.Message);
        }

        return (true, "It's a member, and is catching up.");
    }

    /// <summary>Has whoever of the cluster answers say who leads, and where everybody is.</summary>
    internal async Task<(GroupInfo? Info, string Progress)> DescribeAsync(GroupId group, Action<NodeId, NodeAddress> learned, CancellationToken cancellation)
    {
        string progress = "Nobody has answered yet.";
        foreach (NodeAddress address in (NodeAddress[])[.. options.Join, .. _known.Values])
        {
            try
            {
                await using CallConnection connection = await CallConnection.OpenAsync(caller, network, address, clock.Time, cancellation);
                Learn(connection.Server.Node, connection.Server.Advertised ?? address, learned);
                CallReply reply = await connection.CallAsync(CallMethod.Describe, group, default, Patience, cancellation);
                if (reply.Status == ReplyStatus.Done && GroupInfo.TryRead(reply.Body.Span) is { } info)
                {
                    foreach ((NodeId node, string text) in info.Addresses)
                    {
                        if (NodeAddress.TryParse(text, out NodeAddress known, out _))
                        {
                            Learn(node, known, learned);
                        }
                    }

                    if (info.Leader is not null)
                    {
                        return (info, "");
                    }

                    progress = $"{address} knows of no leader.";
                }
            }
            catch (IOException failure)
            {
                progress = $"{address}: {failure.Message}";
            }
        }

        return (null, progress);
    }

    private void Learn(NodeId node, NodeAddress address, Action<NodeId, NodeAddress> learned)
    {
        _known[node] = address;
        learned(node, address);
    }

    private static partial class Log
    {
        [LoggerMessage(1007, LogLevel.Warning, "Nobody of the cluster to join has answered yet; trying on. {Answers}")]
        internal static partial void Unanswered(ILogger logger, string answers);
    }
}
