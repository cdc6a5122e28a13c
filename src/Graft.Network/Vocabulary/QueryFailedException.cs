namespace Graft;

/// <summary>The state machine didn't answer a query but threw. Nothing was changed.</summary>
public sealed class QueryFailedException : GraftException
{
    /// <summary>On the node whose state machine it is.</summary>
    /// <param name="cause">What it threw.</param>
    public QueryFailedException(Exception cause)
        : base((cause ?? throw new ArgumentNullException(nameof(cause))).Message, cause)
    {
    }

    /// <summary>Away from that node, which sends the message alone.</summary>
    /// <param name="message">What it said, on another node.</param>
    public QueryFailedException(string message)
        : base(message)
    {
    }
}
