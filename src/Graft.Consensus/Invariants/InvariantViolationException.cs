namespace Graft.Consensus;

/// <summary>The core is in a state that the protocol rules out.</summary>
/// <remarks>
/// Nothing that the core says afterwards may be believed: the host ends the process without another send or write. What
/// is on disk stays valid, because every promise was durable before it left.
/// </remarks>
public sealed class InvariantViolationException : Exception
{
    public InvariantViolationException()
    {
    }

    public InvariantViolationException(string message)
        : base(message)
    {
    }

    public InvariantViolationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
