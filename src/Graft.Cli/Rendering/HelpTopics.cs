namespace Graft.Cli;

/// <summary>Help on what isn't a command.</summary>
internal static class HelpTopics
{
    internal static readonly string[] Names = ["exit-codes", "environment"];

    internal static string? Find(string name) => name switch
    {
        "exit-codes" => """
            Exit codes

              0  ok               done; of status --check, healthy
              1  error            anything not listed
              2  usage            a command, flag or value that there isn't
              3  unreachable      no member that was named has answered
              5  no-quorum        no leader or no majority; nothing was applied
              6  refused          a precondition doesn't hold; nothing was changed
              7  sql              SQLite rejected a statement; nothing was changed unless the
                                  error says partial
              8  findings         a check ran and found something
              9  unknown-outcome  sent, not confirmed; it may or may not be applied
             10  incompatible     the two sides don't understand each other
            130  interrupted      Ctrl+C

            """,
        "environment" => """
            Environment

              GRAFT_CLUSTER   whom to ask, as -c; the flag counts before it
              GRAFT_OUTPUT    table, json or csv, as -o
              GRAFT_TIMEOUT   how long a command may take, as --timeout

            """,
        _ => null,
    };
}
