using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Graft.Testing;

namespace Graft.EndToEnd.Tests;

/// <summary>A tutorial is carried out: its commands in one shell, its programs as it shows them, and what it says comes out.</summary>
/// <remarks>
/// A console block has commands behind <c>$ </c>, each with its output behind it; one without output isn't compared, and may not fail.
/// A csharp block is the file that the line before it names. Ports are the system's, and ids are masked on both sides.
/// </remarks>
[Collection(nameof(Processes))]
public sealed partial class TutorialTests : IDisposable
{
    private const string Marker = "## the next command of the page: ";

    private readonly string _root = Directory.CreateTempSubdirectory("graft-tutorial-").FullName;

    [Fact]
    public async Task Embedding_in_an_app_goes_as_its_page_says()
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromMinutes(4));
        string page = await File.ReadAllTextAsync(Path.Join(SourceTree.Root, "docs/tutorials/embed-in-your-app.md"), bound.Token);
        Dictionary<string, string> ports = Ports(page);
        (string script, List<Command> commands) = Script(page, ports);

        string said = await RunAsync(script, bound.Token);
        foreach ((string shown, string real) in ports)
        {
            said = said.Replace(real, shown, StringComparison.Ordinal);
        }

        string[] outputs = said.Split(Marker)[1..];
        Assert.True(outputs.Length == commands.Count, $"The page's commands ended early. {said}");
        foreach ((Command command, string output) in commands.Zip(outputs))
        {
            string real = output[(output.IndexOf('\n', StringComparison.Ordinal) + 1)..];
            Assert.True(
                command.Output.Length == 0 || Mask(real) == Mask(command.Output),
                $"The page says of '{command.Text}':\n{command.Output}and it was:\n{real}\nAll of it:\n{said}");
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // Reserved by the system for a moment, all at once, so that they differ.
    private static Dictionary<string, string> Ports(string page)
    {
        string[] shown = [.. Address().Matches(page).Select(match => match.Value).Distinct()];
        List<TcpListener> listeners = [.. shown.Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        listeners.ForEach(listener => listener.Start());
        Dictionary<string, string> ports = shown.Zip(listeners).ToDictionary(pair => pair.First, pair => pair.Second.LocalEndpoint.ToString()!);
        listeners.ForEach(listener => listener.Dispose());
        Assert.NotEmpty(ports);
        return ports;
    }

    private static (string Script, List<Command> Commands) Script(string page, Dictionary<string, string> ports)
    {
        // What the page starts ends with the shell, also with one that stops in the middle.
        var script = new StringBuilder("set -e\ntrap 'kill -9 $(jobs -p) 2>/dev/null || true' EXIT\n");
        List<Command> commands = [];
        foreach (MarkdownBlock block in MarkdownBlock.Of(page))
        {
            if (block.Language == "csharp")
            {
                string file = FileName().Match(block.Before).Groups["file"].Value;
                Assert.NotEmpty(file);
                script.Append("cat > ").Append(file).Append(" <<'END OF FILE'\n").Append(block.Text).Append("END OF FILE\n");
                continue;
            }

            Assert.Equal("console", block.Language);
            foreach (string part in ("\n" + block.Text).Split("\n$ ")[1..])
            {
                string[] lines = part.TrimEnd('\n').Split('\n');
                commands.Add(new Command(lines[0], string.Concat(lines[1..].Select(line => line + "\n"))));
                string real = ports.Aggregate(lines[0], (text, port) => text.Replace(port.Key, port.Value, StringComparison.Ordinal));
                script.Append("echo '").Append(Marker).Append(commands.Count).Append("'\n").Append(real).Append('\n');
            }
        }

        return (script.ToString(), commands);
    }

    private async Task<string> RunAsync(string script, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("bash", ["-c", script]) { WorkingDirectory = _root, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["GRAFT"] = SourceTree.Root;
        start.Environment["DOTNET_NOLOGO"] = "1";

        // The clone is built already, and other tests run from what was built. Nothing of the build outlives it.
        start.Environment["BuildProjectReferences"] = "false";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using Process shell = Process.Start(start)!;
        try
        {
            string said = await shell.StandardOutput.ReadToEndAsync(cancellation);
            await shell.WaitForExitAsync(cancellation);
            Assert.True(shell.ExitCode == 0, $"The page's commands ended with status {shell.ExitCode}. {said}");
            return said;
        }
        finally
        {
            if (!shell.HasExited)
            {
                shell.Kill(entireProcessTree: true);
                await shell.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    private static string Mask(string output) => Id().Replace(output, "ID");

    [GeneratedRegex(@"127\.0\.0\.1:[0-9]+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Address();

    [GeneratedRegex(@"`(?<file>[\w.]+)`:$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex FileName();

    // Of a node and of a cluster.
    [GeneratedRegex(@"\b(n[0-9]{10,}|c[0-9a-f]{10,})\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Id();

    private sealed record Command(string Text, string Output);
}
