namespace Graft;

/// <summary>A cluster wasn't recovered. Terms, votes, entries and configurations of the survivor are what they were.</summary>
public sealed class RecoveryRefusedException : GraftException
{
    internal RecoveryRefusedException(string message)
        : base(message)
    {
    }
}
