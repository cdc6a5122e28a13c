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
    internal async Task ForwardAsync(GroupActor group, WriteSession session, PendingWrite write)
    {
        WriteOptions options = write.Options;
        bool isOurs = options.Session == 0 && write.Form == WriteForm.Command;
        bool isPassed = true;
        bool isUnresolved = true;
        var fate = new WriteFate($"Nobody was known to lead {group.Id}.", write.IsInDoubt);
        try
        {
            while (!write.IsEnded && !group.IsOver && clock.Now < write.Deadline)
            {
                if (group.WhyRemoved is { } removed && !fate.MayBeDone)
                {
                    write.TryFail(removed);
                    return;
                }

                if (group.View.Leader is not { } leader)
                {
                    await Task.Delay(Pause, clock.Time, CancellationToken.None);
                    continue;
                }

                if (leader == self)
                {
                    // What was sent elsewhere under a number is safe to propose here under the same.
                    isPassed = false;
                    group.Resubmit(write, options, fate.MayBeDone);
                    return;
                }

                if (isOurs && options.Session == 0)
                {
                    await session.OpenAsync(
                        () => OpenSessionAsync(group, leader, write.Deadline), Patience.Of(write.Deadline - clock.Now), clock.Time, CancellationToken.None);
                    if (!session.TryNumber(write.Options, out WriteOptions numbered))
                    {
                        await Task.Delay(Pause, clock.Time, CancellationToken.None);
                        continue;
                    }

                    options = numbered;
                }

                WriteAttempt attempt = await SendAsync(group.Id, leader, new WriteCall(write.Form, options, write.Command), write.Hops, write.Deadline);
                if (attempt.Result is { } result)
                {
                    isUnresolved = false;
                    write.TryComplete(result);
                    return;
                }

                GraftException? end = fate.Judge(attempt, NameOf(options));
                if (attempt.Reason == RejectReason.SessionExpired && isOurs)
                {
                    session.Forget(options.Session);
                    if (!fate.MayBeDone)
                    {
                        // Nothing was done under the old number, so a new one is safe.
                        options = write.Options;
                        continue;
                    }
                }

                if (end is not null)
                {
                    isUnresolved = end is UnknownOutcomeException;
                    write.TryFail(end);
                    return;
                }

                await PauseAsync(group, attempt, write.Deadline, CancellationToken.None);
            }

            isUnresolved = fate.MayBeDone;
            write.TryFail(fate.GiveUp(group.Id, NameOf(options)));
        }
#pragma warning disable CA1031 // Nobody awaits this task: the caller would wait for ever for what only the runtime was told.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            write.TryFail(new UnknownOutcomeException(
                $"Passing the command on ended in the middle. {bug.Message}", NameOf(options)));
        }
        finally
        {
            if (isOurs && options.Session != 0)
            {
                Release(session, options, isUnresolved);
            }

            if (isPassed)
            {
                group.Passed(write);
            }
        }
    }

    /// <summary>Has a question or a change answered by whoever leads: here, or there by a call. Asked again only if nothing can have happened.</summary>
    /// <param name="group">Whose leader.</param>
    /// <param name="method">What is asked.</param>
    /// <param name="body">The body of the call.</param>
    /// <param name="own">Answers it at this node, within the time it's told.</param>
    /// <param name="timeout">For the whole.</param>
    /// <param name="hops">How often it was passed on before.</param>
    /// <param name="cancellation">The caller gives up.</param>
    /// <exception cref="RejectedException">Nothing happened.</exception>
    /// <exception cref="UnknownOutcomeException">It may have.</exception>
    internal async ValueTask<WriteResult> AskLeaderAsync(
        GroupActor group,
        ushort method,
        ReadOnlyMemory<byte> body,
        Func<TimeSpan, Task<WriteResult>> own,
        TimeSpan timeout,
        byte hops,
        CancellationToken cancellation)
    {
        Instant deadline = clock.Now + timeout;
        var fate = new WriteFate($"Nobody was known to lead {group.Id}.");
        while (!group.IsOver && clock.Now < deadline)
        {
            if (group.WhyRemoved is { } removed)
            {
                throw removed;
            }

            WriteAttempt attempt = await AskOnceAsync(group, method, body, own, deadline, hops, cancellation);
            if (attempt.Result is { } result)
            {
                return result;
            }

            if (fate.Judge(attempt, default) is { } end)
            {
                throw end;
            }

            if (hops >= CallService.HopsMax)
            {
                break;
            }

            await PauseAsync(group, attempt, deadline, cancellation);
        }

        throw fate.GiveUp(group.Id, default);
    }

    private async Task PauseAsync(GroupActor group, WriteAttempt attempt, Instant deadline, CancellationToken cancellation)
    {
        DoubtLeader(group, attempt);
        TimeSpan pause = attempt.RetryAfter > Pause ? attempt.RetryAfter : Pause;
        TimeSpan left = deadline - clock.Now;
        await Task.Delay(Patience.Of(pause < left ? pause : left), clock.Time, cancellation);
    }

    // A group at rest waits for no beat of its leader. If that has ended there and its node lives, whoever it led would rest for ever.
    private static void DoubtLeader(GroupActor group, WriteAttempt attempt)
    {
        if (attempt.Reason == RejectReason.Stopping)
        {
            group.WakeUp();
        }
    }

    private async ValueTask<WriteAttempt> AskOnceAsync(
        GroupActor group,
        ushort method,
        ReadOnlyMemory<byte> body,
        Func<TimeSpan, Task<WriteResult>> own,
        Instant deadline,
        byte hops,
        CancellationToken cancellation)
    {
        TimeSpan left = Patience.Of(deadline - clock.Now);
        if (group.View.Leader is { } leader && leader != self && hops < CallService.HopsMax)
        {
            return await WriteAttempt.OfAsync(
                leader.ToString(), endpoint.CallAsync(leader, method, group.Id, body, left, checked((byte)(hops + 1)), cancellation));
        }

        if (group.View.Role != Role.Leader)
        {
            return WriteAttempt.Refused(new RejectedException(RejectReason.NoLeader, $"{self} knows of nobody that leads {group.Id}."));
        }

        try
        {
            return WriteAttempt.Done(await own(left));
        }
        catch (RejectedException refused)
        {
            return WriteAttempt.Refused(refused);
        }
    }

    private static WriteId NameOf(in WriteOptions options) => new(default, options.Session, options.Sequence);

    private static void Release(WriteSession session, in WriteOptions options, bool isUnresolved)
    {
        if (isUnresolved)
        {
            session.LeaveUnresolved(options.Session, options.Sequence);
        }
        else
        {
            session.Answered(options.Session, options.Sequence);
        }
    }

    /// <summary>Opens a session with a group at its leader.</summary>
    /// <returns>Its id, or null if that leader didn't open one.</returns>
    private async Task<ulong?> OpenSessionAsync(GroupActor group, NodeId leader, Instant deadline)
    {
        byte[] lifetime = BitConverter.GetBytes(SessionLifetime.Ticks);
        WriteAttempt attempt = await SendAsync(group.Id, leader, new WriteCall(WriteForm.OpenSession, default, lifetime), hops: 0, deadline);
        DoubtLeader(group, attempt);
        return attempt.Result?.Index.Value;
    }

    private async ValueTask<WriteAttempt> SendAsync(GroupId group, NodeId leader, WriteCall call, byte hops, Instant deadline)
    {
        TimeSpan left = deadline - clock.Now;
        return left <= TimeSpan.Zero
            ? WriteAttempt.NotSent("Its time was over.")
            : await WriteAttempt.OfAsync(
                leader.ToString(),
                endpoint.CallAsync(leader, CallMethod.Write, group, call.Encode(), Patience.Of(left), checked((byte)(hops + 1)), CancellationToken.None));
    }
}
