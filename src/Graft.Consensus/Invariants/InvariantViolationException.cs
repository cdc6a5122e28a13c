namespace Graft.Consensus;

/// <summary>The core is in a state that the protocol rules out.</summary>
/// <remarks>
/// Nothing that the core says afterwards may be believed: the host ends the process without another send or write. What
/// is on disk stays valid, because every promise was durable before it left.
/// </remarks>
public sealed class InvariantViolationException : Exception
{
    /// <summary>Without a word; the framework asks for it.</summary>
    public InvariantViolationException()
    {
    }

    /// <summary>The one that <see cref="Invariant"/> throws.</summary>
    /// <param name="message">What should hold, and the values that it doesn't hold of.</param>
    public InvariantViolationException(string message)
        : base(message)
    {
    }

    /// <summary>One that came from another.</summary>
    /// <param name="message">What should hold.</param>
    /// <param name="innerException">What it came from.</param>
    public InvariantViolationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
