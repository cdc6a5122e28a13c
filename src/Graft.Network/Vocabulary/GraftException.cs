namespace Graft;

/// <summary>A call that didn't end well; each kind says what its caller may assume.</summary>
public abstract class GraftException : Exception
{
    /// <param name="message">What happened, and what its caller may assume.</param>
    protected GraftException(string message)
        : base(message)
    {
    }

    /// <param name="message">What happened, and what its caller may assume.</param>
    /// <param name="inner">What it came from.</param>
    protected GraftException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
