namespace Graft.Network;

/// <summary>What came of sending a write once, as far as its answer tells.</summary>
/// <remarks>
/// Only two things say that nothing was done: the request never left, or a node refused it in so many words. Everything else leaves open
/// whether it was (bug museum I01).
/// </remarks>
public readonly record struct WriteAttempt
{
    /// <summary>The answer, if it was carried out.</summary>
    public WriteResult? Result { get; private init; }

    /// <summary>Why this attempt was refused; <see cref="RejectReason.None"/> if it wasn't.</summary>
    public RejectReason Reason { get; private init; }

    /// <summary>Asking again, here or elsewhere, would get the same refusal.</summary>
    public bool IsFinal { get; private init; }

    /// <summary>Who leads, if the refusal says.</summary>
    public Consensus.NodeId? Leader { get; private init; }

    /// <summary>The request may have been received, and nobody said what came of it.</summary>
    public bool MayBeDone { get; private init; }

    /// <summary>It was carried out, and its answer is too large to be had.</summary>
    public bool IsAnswerLost => MayBeDone && IsFinal;

    /// <summary>When to ask again, at the earliest; zero if nothing was said.</summary>
    public TimeSpan RetryAfter { get; private init; }

    /// <summary>Of a change of members: why it was refused, and the configuration's index that it met.</summary>
    public (Consensus.MembershipRefusal Refusal, Consensus.LogIndex Index)? Members { get; private init; }

    /// <summary>A sentence.</summary>
    public string Text { get; private init; }

    /// <summary>Whether asking again may help: whoever refused merely isn't the leader, or can't take it now.</summary>
    public static bool IsPassing(RejectReason reason) => reason is RejectReason.NotLeader or RejectReason.NoLeader or RejectReason.TimedOut
        or RejectReason.Stopping or RejectReason.Superseded or RejectReason.ApplyHalted or RejectReason.Overloaded or RejectReason.Removed;

    /// <summary>One that wasn't sent.</summary>
    public static WriteAttempt NotSent(string why) => new() { Text = why };

    /// <summary>Waits for the answer to a call and reads it.</summary>
    /// <param name="from">Who was asked, for people.</param>
    /// <param name="call">The call.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static async ValueTask<WriteAttempt> OfAsync(string from, ValueTask<CallReply> call)
    {
        try
        {
            return Read(from, await call);
        }
        catch (CallNotSentException unsent)
        {
            return NotSent(unsent.Message);
        }
        catch (CallUnansweredException unanswered)
        {
            return new WriteAttempt { Text = unanswered.Message, MayBeDone = true };
        }
    }

    /// <summary>One that this node itself carried out.</summary>
    public static WriteAttempt Done(WriteResult result) => new() { Result = result, Text = "" };

    /// <summary>One that this node itself refused.</summary>
    public static WriteAttempt Refused(RejectedException refused)
    {
        ArgumentNullException.ThrowIfNull(refused);
        return new WriteAttempt
        {
            Text = refused.Message,
            Reason = refused.Reason,
            Leader = refused.Leader,
            RetryAfter = (refused as OverloadedException)?.RetryAfter ?? TimeSpan.Zero,
            IsFinal = !IsPassing(refused.Reason),
            Members = refused is MembershipRefusedException members ? (members.Refusal, members.Index) : null,
        };
    }

    private static WriteAttempt Read(string from, CallReply reply)
    {
        switch (reply.Status)
        {
            case ReplyStatus.Done when WriteReply.TryRead(reply.Body, out WriteResult result):
                return Done(result);
            case CallStatus.Overloaded:
                return new WriteAttempt { Text = $"{from} is overloaded.", Reason = RejectReason.Overloaded, RetryAfter = reply.RetryAfter };
            case ReplyStatus.Rejected or ReplyStatus.Unknown when FailureReply.TryRead(reply.Body.Span, out FailureReply failure):
                return Read(from, reply, failure);
            default:
                return new WriteAttempt { Text = $"{from} failed to answer (status {reply.Status:x}).", MayBeDone = true };
        }
    }

    private static WriteAttempt Read(string from, CallReply reply, in FailureReply failure)
    {
        if (reply.Status == ReplyStatus.Unknown)
        {
            // One whose answer is too long was done, and whoever asks again is told the same.
            return new WriteAttempt { Text = $"{from}: {failure.Text}", MayBeDone = true, IsFinal = failure.Reason == RejectReason.TooLarge };
        }

        return new WriteAttempt
        {
            // A change of members is refused in the same words wherever it was asked for.
            Text = failure.Members is null ? $"{from}: {failure.Text}" : failure.Text,
            Members = failure.Members,
            Reason = failure.Reason,
            Leader = failure.Leader,
            RetryAfter = reply.RetryAfter,
            IsFinal = !IsPassing(failure.Reason),
        };
    }
}
