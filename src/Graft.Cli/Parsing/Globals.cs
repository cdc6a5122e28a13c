using System.CommandLine;

namespace Graft.Cli;

/// <summary>The flags that every command has.</summary>
internal sealed class Globals
{
    internal Option<string[]> Cluster { get; } = new("--cluster", "-c")
    {
        Description = $"Any live cluster peer; several with commas (default {SeedList.Default}, or GRAFT_CLUSTER)",
        HelpName = "host:port",
        Recursive = true,
    };

    internal Option<string?> Output { get; } = Choice("--output", "-o", "How to print results: table, json or csv (or GRAFT_OUTPUT)", "table", "json", "csv");

    internal Option<bool> Json { get; } = new("--json") { Description = "The same as -o json; errors are one line of JSON then", Recursive = true };

    internal Option<bool> Csv { get; } = new("--csv") { Description = "The same as -o csv", Recursive = true };

    internal Option<bool> NoHeader { get; } = new("--no-header") { Description = "Leave the names of the columns out", Recursive = true };

    internal Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Results only, no advice", Recursive = true };

    internal Option<string?> Timeout { get; } = new("--timeout")
    {
        Description = "How long the whole command may take: 500ms, 5s, 1m (default 5s, or GRAFT_TIMEOUT)",
        HelpName = "time",
        Recursive = true,
    };

    internal IEnumerable<Option> All => [Cluster, Output, Json, Csv, NoHeader, Quiet, Timeout];

    internal static Option<string?> Choice(string name, string? alias, string description, params string[] values)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', values), Recursive = alias is not null };
        if (alias is not null)
        {
            option.Aliases.Add(alias);
        }

        option.CompletionSources.Add(values);
        return option;
    }
}
