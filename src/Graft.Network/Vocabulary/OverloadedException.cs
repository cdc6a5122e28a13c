namespace Graft;

/// <summary>The node has taken in as much as it can hold. Nothing happened; retry after <see cref="RetryAfter"/>.</summary>
/// <param name="message">Which limit was met.</param>
/// <param name="retryAfter">When to try again, at the earliest.</param>
public sealed class OverloadedException(string message, TimeSpan retryAfter) : RejectedException(RejectReason.Overloaded, message)
{
    /// <summary>How long to wait before the next attempt, at least. A hint: there may be no room then either.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
