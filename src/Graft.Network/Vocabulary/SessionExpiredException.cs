namespace Graft;

/// <summary>The session isn't known any more, so nothing was done. What was sent in it earlier under the same number may or may not have been.</summary>
/// <param name="write">The command.</param>
public sealed class SessionExpiredException(WriteId write)
    : GraftException($"Session {write.Session} has expired or was closed. Nothing was done now; whether number {write.Sequence} was done earlier isn't known.")
{
    /// <summary>The command that was sent in it.</summary>
    public WriteId Write { get; } = write;
}
