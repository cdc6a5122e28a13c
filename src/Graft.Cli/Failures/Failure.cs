using System.Collections.Immutable;

namespace Graft.Cli;

/// <summary>Why a command failed, for people and for scripts.</summary>
/// <param name="Code">Which kind, and the exit code.</param>
/// <param name="Message">One plain sentence, lower case, without a full stop.</param>
internal sealed record Failure(FailureCode Code, string Message)
{
    /// <summary>What is known beside the message, line by line.</summary>
    internal ImmutableArray<string> Facts { get; init; } = [];

    internal Outcome Outcome { get; init; }

    /// <summary>The same command may succeed later, and can't do harm.</summary>
    internal bool IsRetryable { get; init; }

    /// <summary>Commands that can be pasted.</summary>
    internal ImmutableArray<string> Hints { get; init; } = [];
}
