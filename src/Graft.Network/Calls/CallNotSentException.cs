namespace Graft.Network;

/// <summary>The request never left this process. Nobody has seen it; it may be made again, elsewhere too.</summary>
public sealed class CallNotSentException : CallException
{
    internal CallNotSentException(string message)
        : base(message)
    {
    }
}
