using System.Text;
using Graft.Network;

namespace Graft.Client;

/// <summary>Sends reads to whichever node answers them. A read changes nothing, so it may be asked again anywhere.</summary>
internal sealed class ReadCalls(ClientOptions options, Nodes nodes, LeaderCalls leader)
{
    /// <exception cref="ReadFailedException">Nobody served it in time.</exception>
    /// <exception cref="OverloadedException">The last that was asked had too much to do.</exception>
    /// <exception cref="QueryFailedException">The application refuses it.</exception>
    /// <exception cref="RejectedException">It makes no sense to the group, or there's only another cluster.</exception>
    internal async ValueTask<QueryResult> ReadAsync(ReadCall call, Deadline deadline, CancellationToken cancellation)
    {
        byte[] body = call.Encode();
        BackOff pause = nodes.NewBackOff();
        GraftException last = new ReadFailedException(RejectReason.TimedOut, "Nobody has answered.");
        if (!nodes.HasLearned)
        {
            await leader.DiscoverAsync(deadline, cancellation);
        }

        while (!deadline.IsOver && !nodes.IsOver)
        {
            foreach (NodeLine line in nodes.Candidates())
            {
                TimeSpan half = deadline.Left / 2;
                CallReply reply;
                try
                {
                    reply = await line.CallAsync(
                        CallMethod.Read, options.Group, body, deadline.Patience(half > options.AttemptTimeout ? half : options.AttemptTimeout), cancellation);
                }
                catch (CallException failure)
                {
                    nodes.Bad(line);
                    last = new ReadFailedException(RejectReason.TimedOut, failure.Message);
                    continue;
                }

                if (reply.Status == ReplyStatus.Done && ReadReply.TryRead(reply.Body, out QueryResult result))
                {
                    nodes.Good(line);
                    return result;
                }

                last = WhyNot(line, reply);
                if (deadline.IsOver)
                {
                    break;
                }
            }

            leader.ThrowIfForeign();
            if (last is OverloadedException overloaded && overloaded.RetryAfter >= deadline.Left)
            {
                break;
            }

            TimeSpan drawn = nodes.Draw(pause);
            TimeSpan retryAfter = (last as OverloadedException)?.RetryAfter ?? TimeSpan.Zero;
            await deadline.PauseAsync(retryAfter > drawn ? retryAfter : drawn, cancellation);

            // Whoever could be asked was; there may be others by now.
            if (!deadline.IsOver)
            {
                await leader.DiscoverAsync(deadline, cancellation);
            }
        }

        throw last;
    }

    private static GraftException WhyNot(NodeLine line, CallReply reply)
    {
        if (reply.Status == ReplyStatus.QueryFailed)
        {
            throw new QueryFailedException(Encoding.UTF8.GetString(reply.Body.Span));
        }

        if (reply.Status == CallStatus.Overloaded)
        {
            return new OverloadedException($"{line.Name} is overloaded.", reply.RetryAfter);
        }

        if (reply.Status is not (ReplyStatus.NotRead or ReplyStatus.Rejected) || !FailureReply.TryRead(reply.Body.Span, out FailureReply failure))
        {
            return new ReadFailedException(RejectReason.TimedOut, $"{line.Name} failed to answer (status {reply.Status:x}).");
        }

        string text = $"{line.Name}: {failure.Text}";
        return failure.Reason switch
        {
            RejectReason.Malformed or RejectReason.TooLarge => throw new RejectedException(failure.Reason, text),
            RejectReason.Overloaded => new OverloadedException(text, reply.RetryAfter),
            _ => new ReadFailedException(failure.Reason, text),
        };
    }
}
