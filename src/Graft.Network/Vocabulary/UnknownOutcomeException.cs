namespace Graft;

/// <summary>The command may have been handed to a log, and the call ended before its fate was known: it may or may not take effect, now or later.</summary>
/// <remarks>
/// Don't send it again as a new command unless it is idempotent. Ask with <see cref="Write"/>
/// (<c>ResolveAsync</c>), or send it again in the same session with the same number: it then takes effect once, whatever happened.
/// </remarks>
/// <param name="message">What is known.</param>
/// <param name="write">Names the command.</param>
public sealed class UnknownOutcomeException(string message, WriteId write) : GraftException(message)
{
    /// <summary>Names the command for <c>ResolveAsync</c>. Of a change of members it may have neither number nor place: look at the configuration instead.</summary>
    public WriteId Write { get; } = write;

    /// <summary>It took effect, and only its answer can't be had: it was too large to be carried or kept. Asking again brings the same.</summary>
    public bool IsAnswerLost { get; init; }
}
