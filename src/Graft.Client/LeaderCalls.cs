using Graft.Network;

namespace Graft.Client;

/// <summary>Finds who leads, and sends what only a leader can do until its outcome is known or its time is over.</summary>
internal sealed class LeaderCalls(ClientOptions options, TimeProvider time, Nodes nodes)
{
    /// <summary>Redirects in a row that are followed at once; whoever redirects more often disagrees with the others on who leads (museum L09).</summary>
    private const int RedirectsMax = 3;

    private static readonly TimeSpan DescribePatience = TimeSpan.FromSeconds(1);

    private readonly SharedRun<Discovery> _discovering = new();

    /// <summary>What the last search for a leader met with, in a sentence.</summary>
    internal string Why { get; private set; } = "Nobody has answered yet.";

    /// <summary>Sends a call to the leader.</summary>
    /// <param name="method">What is asked.</param>
    /// <param name="body">The body; told whether it goes to the leader itself.</param>
    /// <param name="name">Names the write. Without a session in it, it isn't sent again once it may have been done.</param>
    /// <param name="patience">How long to wait for one answer.</param>
    /// <param name="deadline">Of the whole.</param>
    /// <param name="cancellation">The caller gives up.</param>
    /// <exception cref="RejectedException">Nothing happened.</exception>
    /// <exception cref="UnknownOutcomeException">It may have.</exception>
    internal async ValueTask<WriteResult> SendAsync(
        ushort method, Func<bool, byte[]> body, WriteId name, TimeSpan patience, Deadline deadline, CancellationToken cancellation)
    {
        var fate = new WriteFate(Why);
        BackOff pause = nodes.NewBackOff();
        int redirects = 0;
        while (!deadline.IsOver && !nodes.IsOver)
        {
            Route? route = await FindAsync(deadline, cancellation);
            if (route is null)
            {
                ThrowIfForeign(fate);
                fate.Judge(WriteAttempt.NotSent(Why), name);
                await deadline.PauseAsync(nodes.Draw(pause), cancellation);
                continue;
            }

            NodeLine line = route.Line;
            WriteAttempt attempt = await WriteAttempt.OfAsync(
                line.Name, line.CallAsync(method, options.Group, body(route.IsDirect), deadline.Patience(patience), cancellation));
            if (attempt.Result is { } result)
            {
                nodes.Good(line);
                return result;
            }

            if (fate.Judge(attempt, name) is { } end)
            {
                throw end;
            }

            if (attempt.Reason != RejectReason.Overloaded)
            {
                nodes.NotLeader(line);
            }

            bool isRedirected = attempt.Leader is { } leader && leader != line.Node && nodes.Redirect(leader);
            if (isRedirected && ++redirects <= RedirectsMax)
            {
                continue;
            }

            if (attempt.RetryAfter >= deadline.Left)
            {
                break;
            }

            redirects = 0;
            TimeSpan drawn = nodes.Draw(pause);
            await deadline.PauseAsync(attempt.RetryAfter > drawn ? attempt.RetryAfter : drawn, cancellation);
        }

        throw fate.GiveUp(options.Group, name);
    }

    /// <summary>Asks one node after the other for the group, until one knows who leads it.</summary>
    /// <returns>Null if the deadline came first.</returns>
    internal async ValueTask<Discovery?> DiscoverAsync(Deadline deadline, CancellationToken cancellation)
    {
        try
        {
            return await _discovering.JoinAsync(DiscoverOnceAsync).WaitAsync(deadline.Left, time, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <exception cref="RejectedException">All who could be asked belong to another cluster.</exception>
    internal void ThrowIfForeign(WriteFate? fate = null)
    {
        if (nodes.OnlyForeign is { } foreign && fate is null or { MayBeDone: false })
        {
            throw new RejectedException(RejectReason.OtherCluster, foreign);
        }
    }

    private async ValueTask<Route?> FindAsync(Deadline deadline, CancellationToken cancellation) =>
        nodes.Leader is { } leader ? new Route(leader, IsDirect: true) : (await DiscoverAsync(deadline, cancellation))?.Route;

    private async Task<Discovery> DiscoverOnceAsync()
    {
        // Not under the lock of those who join.
        await Task.Yield();
        GroupInfo? best = null;
        Route? detour = null;
        foreach (NodeLine line in nodes.Candidates())
        {
            if (await DescribeAsync(line) is not { } info)
            {
                continue;
            }

            best = best is null || info.Term > best.Term ? info : best;
            if (!nodes.Learn(info))
            {
                Why = $"{line.Name} knows of no leader of {options.Group}.";
                continue;
            }

            if (nodes.Leader is { } leader)
            {
                return new Discovery(info, new Route(leader, IsDirect: true));
            }

            // It can't be reached from here; maybe it can from there.
            detour ??= new Route(line, IsDirect: false);
        }

        if (best is null)
        {
            nodes.AskSeedsAgain();
        }

        return new Discovery(best, detour);
    }

    private async ValueTask<GroupInfo?> DescribeAsync(NodeLine line)
    {
        try
        {
            CallReply reply = await line.CallAsync(CallMethod.Describe, options.Group, default, DescribePatience, CancellationToken.None);
            if (reply.Status == ReplyStatus.Done && GroupInfo.TryRead(reply.Body.Span) is { } info)
            {
                return info;
            }

            Why = FailureReply.TryRead(reply.Body.Span, out FailureReply failure)
                ? $"{line.Name}: {failure.Text}"
                : $"{line.Name} didn't describe {options.Group} (status {reply.Status:x}).";
        }
        catch (CallException failure)
        {
            Why = failure.Message;
        }

        nodes.Bad(line);
        return null;
    }
}
