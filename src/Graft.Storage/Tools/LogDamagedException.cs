namespace Graft.Storage;

/// <summary>An entry that was asked for can't be had from a log; the message says which and why. Those handed out before are sound.</summary>
public sealed class LogDamagedException : Exception
{
    internal LogDamagedException(string message)
        : base(message)
    {
    }
}
