using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Graft.Swarm;

/// <summary>The proof of the simulator: every bug that can be planted in the core has to be found by chance within a budget.</summary>
/// <remarks>
/// A planted bug is a property of a build, so each row is a build of the core of its own, away from the tree's, and a run
/// that stops at the first seed that fails. A simulator that finds nothing has to be shown to be able to.
/// </remarks>
internal sealed partial class KillTable
{
    private readonly Arguments _arguments;
    private readonly string _root;
    private readonly string _artifacts;

    private KillTable(Arguments arguments, string root)
    {
        _arguments = arguments;
        _root = root;
        _artifacts = Path.Combine(Path.GetTempPath(), $"graft-kill-table-{Environment.ProcessId}");
    }

    internal static int Run(Arguments arguments)
    {
        string? root = FindRoot();
        if (root is null)
        {
            Console.Error.WriteLine(
                $"--kill-table builds the core anew, and {AppContext.BaseDirectory} isn't inside a source tree (no Graft.slnx above it). Run ./swarm from a clone.");
            return 2;
        }

        (string Name, string Exhibit)[] bugs = ReadBugs(root, arguments);
        if (arguments.Only is { } only)
        {
            string[] wanted = only.Split(',');
            string? unknown = Array.Find(wanted, name => !Array.Exists(bugs, bug => bug.Name == name));
            if (unknown is not null)
            {
                Console.Error.WriteLine($"--only expects planted bugs, and '{unknown}' is none. The names are in src/{Project(arguments)}/Planted.cs.");
                return 2;
            }

            bugs = [.. bugs.Where(bug => wanted.Contains(bug.Name, StringComparer.Ordinal))];
        }

        return new KillTable(arguments, root).Try(bugs);
    }

    private int Try((string Name, string Exhibit)[] bugs)
    {
        Console.WriteLine("| planted bug | exhibit | seeds | seconds | found by |");
        Console.WriteLine("| --- | --- | ---: | ---: | --- |");
        int survivors = 0;
        try
        {
            foreach ((string name, string exhibit) in bugs)
            {
                Console.Error.WriteLine($"{name}: building");
                if (!Build(name))
                {
                    Console.WriteLine($"| {name} | {exhibit} | - | - | **doesn't build** |");
                    survivors++;
                    continue;
                }

                survivors += Hunt(name, exhibit) ? 0 : 1;
            }
        }
        finally
        {
            if (Directory.Exists(_artifacts))
            {
                Directory.Delete(_artifacts, recursive: true);
            }
        }

        Console.WriteLine();
        Console.WriteLine($"planted {bugs.Length}, found {bugs.Length - survivors}, survived {survivors}");
        return survivors > 0 ? 1 : 0;
    }

    // The whole program once; then the core alone, whose planted constants nothing outside of it can see.
    private bool Build(string bug)
    {
        string program = Path.Combine(_artifacts, "bin", "Graft.Swarm", "release");
        bool isFirst = !Directory.Exists(program);
        string[] project = isFirst ? [Path.Combine(_root, "tools", "Graft.Swarm")] : [Path.Combine(_root, "src", Project(_arguments)), "--no-restore"];
        using Process build = Start(
            "dotnet",
            ["build", .. project, "--configuration", "Release", "--artifacts-path", _artifacts, "--verbosity", "quiet",
                $"-p:PlantedBug={bug}", "-p:RunAnalyzers=false", "-p:EnforceCodeStyleInBuild=false", "-p:GenerateDocumentationFile=false"]);
        string output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        if (build.ExitCode != 0)
        {
            Console.Error.WriteLine(output);
            return false;
        }

        if (!isFirst)
        {
            string library = $"{Project(_arguments)}.dll";
            File.Copy(Path.Combine(_artifacts, "bin", Project(_arguments), "release", library), Path.Combine(program, library), overwrite: true);
        }

        return true;
    }

    private bool Hunt(string bug, string exhibit)
    {
        string program = Path.Combine(_artifacts, "bin", "Graft.Swarm", "release", "Graft.Swarm.dll");
        double budget = double.IsInfinity(_arguments.Budget) ? 60 : _arguments.Budget;
        string[] rot = _arguments.AllowsRot ? ["--rot"] : [];
        using Process hunt = Start(
            "dotnet",
            [.. rot.Prepend(program), "--layer", _arguments.IsLog ? "log" : "core", "--seeds", Text(_arguments.BudgetSeeds), "--from", Text(_arguments.From), "--jobs", Text(_arguments.Jobs),
            "--seconds", Text(_arguments.Seconds), "--budget", Text(budget), "--stop-at-first", "--json"]);
        string output = hunt.StandardOutput.ReadToEnd();
        hunt.WaitForExit();
        string? summary = output.Split('\n').LastOrDefault(line => line.StartsWith('{'));
        if (hunt.ExitCode is not (0 or 1) || summary is null)
        {
            Console.WriteLine($"| {bug} | {exhibit} | - | - | **the run died with status {hunt.ExitCode}** |");
            return false;
        }

        using var json = JsonDocument.Parse(summary);
        string seeds = json.RootElement.GetProperty("seeds").GetRawText();
        string seconds = json.RootElement.GetProperty("seconds").GetDouble().ToString("0.0", CultureInfo.InvariantCulture);
        JsonElement failures = json.RootElement.GetProperty("failures");
        bool isFound = failures.GetArrayLength() > 0;
        string verdict = isFound
            ? $"{Shorten(failures[0].GetProperty("failure").GetString()!)} (seed {failures[0].GetProperty("seed").GetRawText()})"
            : "**survived**";
        Console.WriteLine($"| {bug} | {exhibit} | {seeds} | {seconds} | {verdict} |");
        Console.Out.Flush();
        return isFound;
    }

    // The rule, without the values that broke it: those differ from seed to seed, and the replay prints them.
    private static string Shorten(string failure)
    {
        string line = failure.Split('\n')[0];
        int values = line.IndexOf(" (", StringComparison.Ordinal);
        line = values > 0 ? line[..values] : line;
        return line.Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static Process Start(string program, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{program} didn't start.");
    }

    private static string Project(Arguments arguments) => arguments.IsLog ? "Graft.Storage" : "Graft.Consensus";

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static string? FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Graft.slnx")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName;
    }

    private static (string Name, string Exhibit)[] ReadBugs(string root, Arguments arguments) =>
    [
        .. from line in File.ReadLines(Path.Combine(root, "src", Project(arguments), "Planted.cs"))
           let match = Declaration().Match(line)
           where match.Success
           select (match.Groups["name"].Value, match.Groups["exhibit"].Value.Trim()),
    ];

    [GeneratedRegex("""const bool (?<name>\w+) = Id == nameof\(\w+\);\s*(//\s*(?<exhibit>.*))?""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Declaration();
}
