namespace Graft;

/// <summary>A cluster wasn't recovered. Nothing was written.</summary>
public sealed class RecoveryRefusedException : GraftException
{
    internal RecoveryRefusedException(string message)
        : base(message)
    {
    }
}
