namespace Graft.Network;

/// <summary>The request may have been received and may have had its effect, now or later: the outcome is unknown.</summary>
public sealed class CallUnansweredException : CallException
{
    internal CallUnansweredException(string message)
        : base(message)
    {
    }
}
