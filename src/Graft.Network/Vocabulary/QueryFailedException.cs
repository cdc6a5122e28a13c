namespace Graft;

/// <summary>The state machine didn't answer a query but threw. Nothing was changed.</summary>
public sealed class QueryFailedException : GraftException
{
    /// <param name="cause">What it threw.</param>
    public QueryFailedException(Exception cause)
        : base((cause ?? throw new ArgumentNullException(nameof(cause))).Message, cause)
    {
    }

    /// <param name="message">What it said, on another node.</param>
    public QueryFailedException(string message)
        : base(message)
    {
    }
}
