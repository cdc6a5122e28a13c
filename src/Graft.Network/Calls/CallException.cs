namespace Graft.Network;

/// <summary>A call that got no answer. Whether the request can have been received, the type says.</summary>
public abstract class CallException : IOException
{
    private protected CallException(string message)
        : base(message)
    {
    }
}
