namespace Graft.Cli;

/// <summary>Ends a command with a failure that is known in full.</summary>
internal sealed class FailureException(Failure failure) : Exception(failure.Message)
{
    internal Failure Failure { get; } = failure;
}
