namespace Graft;

/// <summary>A call that didn't end well; each kind says what its caller may assume.</summary>
public abstract class GraftException : Exception
{
    private protected GraftException(string message)
        : base(message)
    {
    }

    private protected GraftException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
