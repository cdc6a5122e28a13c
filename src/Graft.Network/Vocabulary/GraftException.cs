namespace Graft;

/// <summary>A call that didn't end well; each kind says what its caller may assume.</summary>
public abstract class GraftException : Exception
{
    protected GraftException(string message)
        : base(message)
    {
    }

    protected GraftException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
