using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>Passes writes on to whoever leads, and tells what became of them.</summary>
/// <remarks>
/// A write may be sent again only if it can't have been received, or if it carries a number of a session, so that it takes effect
/// once whatever happened (bug museum I01). The caller's own session will do; a write without one gets a number of this node's.
/// </remarks>
/// <param name="endpoint">The way to other nodes.</param>
/// <param name="self">This node.</param>
/// <param name="clock">Its clock.</param>
internal sealed class Forwarder(Endpoint endpoint, NodeId self, NodeClock clock)
{
    private static readonly TimeSpan SessionLifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Sends a write to its leader until its outcome is known or its time is over.</summary>
    /// <param name="group">Whose; says at each attempt who leads.</param>
    /// <param name="session">This node's session with the group.</param>
    /// <param name="write">What is to be written; the actor's hold on it is the forwarder's from here on.</param>
    internal async Task ForwardAsync(GroupActor group, NodeSession session, PendingWrite write)
    {
        WriteOptions options = write.Options;
        bool isOurs = options.Session == 0 && write.Form == WriteForm.Command;
        bool mayBeDone = false;
        bool isPassed = true;
        string last = $"Nobody was known to lead {group.Id}.";
        try
        {
            while (!write.IsEnded && !group.IsOver && clock.Now < write.Deadline)
            {
                if (group.View.Leader is not { } leader)
                {
                    await Task.Delay(Pause, clock.Time, CancellationToken.None);
                    continue;
                }

                if (leader == self)
                {
                    // What was sent elsewhere under a number is safe to propose here under the same.
                    isPassed = false;
                    group.Resubmit(write, options);
                    return;
                }

                if (isOurs && options.Session == 0)
                {
                    ulong? open = await session.OpenAsync(this, group, leader, write.Deadline);
                    if (open is null)
                    {
                        await Task.Delay(Pause, clock.Time, CancellationToken.None);
                        continue;
                    }

                    options = session.Number(options);
                }

                Attempt attempt = await SendAsync(group.Id, leader, new WriteCall(write.Form, options, write.Command), write.Hops, write.Deadline);
                if (attempt.Result is { } result)
                {
                    write.TryComplete(result);
                    return;
                }

                mayBeDone |= attempt.MayBeDone;
                last = attempt.Text;
                if (attempt.Reason == RejectReason.SessionExpired && isOurs)
                {
                    session.Forget(options.Session);
                    if (mayBeDone)
                    {
                        break;
                    }

                    // Nothing was done under the old number, so a new one is safe.
                    options = write.Options;
                    continue;
                }

                if (attempt.Failure is { } final)
                {
                    write.TryFail(final);
                    return;
                }

                if (mayBeDone && options.Session == 0)
                {
                    break;
                }

                await Task.Delay(attempt.RetryAfter > Pause ? attempt.RetryAfter : Pause, clock.Time, CancellationToken.None);
            }

            write.TryFail(mayBeDone
                ? new UnknownOutcomeException($"The leader of {group.Id} didn't tell what became of the command. {last}", new WriteId(default, options.Session, options.Sequence))
                : new RejectedException(RejectReason.NoLeader, $"No leader of {group.Id} took the command in time. {last}"));
        }
#pragma warning disable CA1031 // Nobody awaits this task: the caller would wait for ever for what only the runtime was told.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            write.TryFail(new UnknownOutcomeException(
                $"Passing the command on ended in the middle. {bug.Message}", new WriteId(default, options.Session, options.Sequence)));
        }
        finally
        {
            if (isOurs && options.Session != 0)
            {
                session.Answered(options.Sequence);
            }

            if (isPassed)
            {
                group.Passed(write);
            }
        }
    }

    /// <summary>Opens a session with a group at its leader.</summary>
    /// <returns>Its id, or null if that leader didn't open one.</returns>
    internal async Task<ulong?> OpenSessionAsync(GroupId group, NodeId leader, Instant deadline)
    {
        byte[] lifetime = BitConverter.GetBytes(SessionLifetime.Ticks);
        Attempt attempt = await SendAsync(group, leader, new WriteCall(WriteForm.OpenSession, default, lifetime), hops: 0, deadline);
        return attempt.Result?.Index.Value;
    }

    private async Task<Attempt> SendAsync(GroupId group, NodeId leader, WriteCall call, byte hops, Instant deadline)
    {
        TimeSpan left = deadline - clock.Now;
        if (left <= TimeSpan.Zero)
        {
            return new Attempt { Text = "Its time was over." };
        }

        try
        {
            CallReply reply = await endpoint.CallAsync(
                leader, CallMethod.Write, group, call.Encode(), left, checked((byte)(hops + 1)), CancellationToken.None);
            return Read(leader, reply);
        }
        catch (CallNotSentException unsent)
        {
            return new Attempt { Text = unsent.Message };
        }
        catch (CallUnansweredException unanswered)
        {
            return new Attempt { Text = unanswered.Message, MayBeDone = true };
        }
    }

    private static Attempt Read(NodeId leader, CallReply reply)
    {
        switch (reply.Status)
        {
            case ReplyStatus.Done when WriteReply.TryRead(reply.Body, out WriteResult result):
                return new Attempt { Result = result };
            case CallStatus.Overloaded:
                return new Attempt { Text = $"{leader} is overloaded.", RetryAfter = reply.RetryAfter };
            case ReplyStatus.Rejected or ReplyStatus.Unknown when FailureReply.TryRead(reply.Body.Span, out FailureReply failure):
                return Read(leader, reply, failure);
            default:
                return new Attempt { Text = $"{leader} failed to answer (status {reply.Status:x}).", MayBeDone = true };
        }
    }

    private static Attempt Read(NodeId leader, CallReply reply, in FailureReply failure)
    {
        if (reply.Status == ReplyStatus.Unknown)
        {
            return new Attempt { Text = failure.Text, MayBeDone = true };
        }

        // Whoever merely isn't the leader, or can't take it now, is asked again; the rest is the answer.
        bool isPassing = failure.Reason is RejectReason.NotLeader or RejectReason.NoLeader or RejectReason.TimedOut
            or RejectReason.Stopping or RejectReason.Superseded or RejectReason.ApplyHalted or RejectReason.Overloaded;
        return new Attempt
        {
            Text = $"{leader}: {failure.Text}",
            Reason = failure.Reason,
            RetryAfter = reply.RetryAfter,
            Failure = isPassing ? null : new RejectedException(failure.Reason, failure.Text, failure.Leader),
        };
    }

    private readonly record struct Attempt
    {
        internal WriteResult? Result { get; init; }

        /// <summary>The answer, if it is a refusal.</summary>
        internal Exception? Failure { get; init; }

        internal RejectReason Reason { get; init; }

        /// <summary>The request may have been received, and nobody said what came of it.</summary>
        internal bool MayBeDone { get; init; }

        internal TimeSpan RetryAfter { get; init; }

        internal string Text { get; init; }
    }
}
