namespace Graft;

/// <summary>A read that couldn't be served at the consistency that it asked for. Nothing was changed; ask again, or for less.</summary>
/// <param name="reason">Why.</param>
/// <param name="message">What was missing, in a sentence.</param>
public sealed class ReadFailedException(RejectReason reason, string message) : GraftException(message)
{
    /// <summary>Why: nobody leads, the time is over, the state machine has stopped or isn't there, or the node stops.</summary>
    public RejectReason Reason { get; } = reason;
}
