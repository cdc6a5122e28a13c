namespace Graft.Network;

/// <summary>What the attempts at one write add up to.</summary>
/// <remarks>
/// (F1) Once an attempt may have been carried out, no later refusal means that nothing happened: it speaks of the later attempt alone.
/// The exception is <see cref="RejectReason.Fenced"/>, which the log says of the number and with it of all attempts.
/// <para>(F2) A write without a number isn't sent again once it may have been carried out; one with a number is, under the same number.</para>
/// </remarks>
/// <param name="nothing">What is known while nothing has been tried, in a sentence.</param>
/// <param name="mayBeDone">Somebody else has tried before, under the same number.</param>
public sealed class WriteFate(string nothing, bool mayBeDone = false)
{
    /// <summary>An attempt may have been carried out.</summary>
    public bool MayBeDone { get; private set; } = mayBeDone;

    /// <summary>The last attempt.</summary>
    public WriteAttempt Last { get; private set; } = WriteAttempt.NotSent(nothing);

    /// <summary>Takes an attempt that has no result into account.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="write">Names the write; a session of zero means that it has no number.</param>
    /// <returns>How the write ends, or null if it may be sent again.</returns>
    public GraftException? Judge(in WriteAttempt attempt, in WriteId write)
    {
        MayBeDone |= attempt.MayBeDone;
        Last = attempt;
        if (attempt.Reason == RejectReason.Fenced)
        {
            return Refused();
        }

        if (MayBeDone)
        {
            return attempt.IsFinal || write.Session == 0 ? Unknown(write) : null;
        }

        return attempt.IsFinal ? Refused() : null;
    }

    /// <summary>How the write ends if it isn't sent any more.</summary>
    /// <param name="group">Whose it was.</param>
    /// <param name="write">Names the write.</param>
    public GraftException GiveUp(Consensus.GroupId group, in WriteId write)
    {
        if (MayBeDone)
        {
            return Unknown(write);
        }

        if (Last.Members is not null)
        {
            return Refused();
        }

        string text = $"No leader of {group} took the command in time. {Last.Text}";
        return Last.Reason == RejectReason.Overloaded
            ? new OverloadedException(text, Last.RetryAfter)
            : new RejectedException(Last.Reason == RejectReason.None ? RejectReason.NoLeader : Last.Reason, text, Last.Leader);
    }

    private RejectedException Refused() => Last.Members is { } members
        ? new MembershipRefusedException(members.Refusal, Last.Text, members.Index, Last.Leader)
        : new RejectedException(Last.Reason, Last.Text, Last.Leader);

    private UnknownOutcomeException Unknown(in WriteId write) => new(Last.IsAnswerLost ? Last.Text : $"Nobody told what became of the command. {Last.Text}", write)
    {
        IsAnswerLost = Last.IsAnswerLost,
    };
}
