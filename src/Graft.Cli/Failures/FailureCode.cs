namespace Graft.Cli;

/// <summary>Why a command didn't do what it was asked. The values are exit codes, which scripts rely on.</summary>
internal enum FailureCode
{
    /// <summary>Anything without a code of its own.</summary>
    Error = 1,

    /// <summary>A command, flag or value that there isn't.</summary>
    Usage = 2,

    /// <summary>No member that was named has answered.</summary>
    Unreachable = 3,

    /// <summary>Not logged in, or not allowed.</summary>
    Auth = 4,

    /// <summary>No leader or no majority. Nothing was applied.</summary>
    NoQuorum = 5,

    /// <summary>A precondition doesn't hold. Nothing was changed.</summary>
    Refused = 6,

    /// <summary>SQLite rejected a statement.</summary>
    Sql = 7,

    /// <summary>A check ran and found something.</summary>
    Findings = 8,

    /// <summary>Sent and not confirmed: it may or may not be applied.</summary>
    UnknownOutcome = 9,

    /// <summary>The two sides don't understand each other.</summary>
    Incompatible = 10,

    /// <summary>Ctrl+C.</summary>
    Interrupted = 130,
}
