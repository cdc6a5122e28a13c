using System.CommandLine;
using Graft.Network;

namespace Graft.Cli;

/// <summary>One run of a command: what was typed, where it prints, and whom it asks.</summary>
internal sealed class Invocation
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TimeoutMax = TimeSpan.FromHours(24);

    internal Invocation(ParseResult typed, Globals globals, Terminal terminal)
    {
        (Typed, Terminal) = (typed, terminal);
        Format = FormatOf(typed, globals, terminal);
        IsQuiet = typed.GetValue(globals.Quiet);
        HasHeader = !typed.GetValue(globals.NoHeader);
        Seeds = SeedList.Choose(typed.GetValue(globals.Cluster) ?? [], terminal.Variable(SeedList.Variable));
        string? timeout = typed.GetValue(globals.Timeout);
        Timeout = timeout is not null ? ReadDuration(timeout, "--timeout")
            : terminal.Variable("GRAFT_TIMEOUT") is { Length: > 0 } variable ? ReadDuration(variable, "GRAFT_TIMEOUT")
            : DefaultTimeout;
    }

    /// <summary>The same run, for another cluster than the one that was typed.</summary>
    internal Invocation(Invocation run, SeedList seeds)
    {
        (Typed, Terminal, Format, IsQuiet, HasHeader, Timeout) = (run.Typed, run.Terminal, run.Format, run.IsQuiet, run.HasHeader, run.Timeout);
        Seeds = seeds;
    }

    internal ParseResult Typed { get; }

    internal Terminal Terminal { get; }

    internal OutputFormat Format { get; }

    internal bool IsQuiet { get; }

    internal bool HasHeader { get; }

    internal SeedList Seeds { get; }

    internal TimeSpan Timeout { get; }

    internal bool IsJson => Format == OutputFormat.Json;

    /// <summary>How errors are to be printed, which has to be known even of what can't be parsed.</summary>
    internal static bool WantsJson(ParseResult typed, Globals globals, Terminal terminal) =>
        typed.GetResult(globals.Json) is { Implicit: false } || (typed.GetResult(globals.Output)?.Tokens is [.., var last] ? last.Value : terminal.Variable("GRAFT_OUTPUT")) == "json";

    internal static TimeSpan ReadDuration(string text, string source) =>
        Durations.TryParse(text, out TimeSpan length) && length > TimeSpan.Zero && length <= TimeoutMax
            ? length
            : throw Usage($"{source}: expected a time such as 500ms, 5s or 1m, found '{text}'");

    internal static FailureException Usage(string message, params string[] hints) => new(new Failure(FailureCode.Usage, message) { Hints = [.. hints] });

    /// <summary>A line that is no result: left out if results alone are wanted.</summary>
    internal void Say(string line)
    {
        if (!IsQuiet)
        {
            Terminal.Error.WriteLine(line);
        }
    }

    /// <summary>A member by what people call it: its address, or its id.</summary>
    internal static MemberView Find(MembersView view, string name) =>
        view.Members.FirstOrDefault(member => member.Node.ToString() == name || string.Equals(member.Address, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FailureException(new Failure(FailureCode.Refused, $"'{name}' is no member of this cluster")
        {
            Facts = [$"members: {string.Join(", ", view.Members.Select(member => member.Address.Length > 0 ? member.Address : member.Node.ToString()))}"],
            Outcome = Outcome.NotApplied,
            Hints = ["graft member list"],
        });

    private static OutputFormat FormatOf(ParseResult typed, Globals globals, Terminal terminal)
    {
        (string name, string source) = typed.GetValue(globals.Json) ? ("json", "--json")
            : typed.GetValue(globals.Csv) ? ("csv", "--csv")
            : typed.GetValue(globals.Output) is { } flag ? (flag, "--output")
            : terminal.Variable("GRAFT_OUTPUT") is { Length: > 0 } variable ? (variable, "GRAFT_OUTPUT")
            : ("table", "");
        return name switch
        {
            "table" => OutputFormat.Table,
            "json" => OutputFormat.Json,
            "csv" => OutputFormat.Csv,
            _ => throw Usage($"{source}: expected table, json or csv, found '{name}'"),
        };
    }
}
