using System.Diagnostics;
using System.Text.Json;
using Graft.Network;

namespace Graft.Cli;

/// <summary>A node of the demo: a process of its own, which ends with this one.</summary>
internal sealed class DemoNode : IAsyncDisposable
{
    private readonly string _directory;
    private Process? _process;

    internal DemoNode(string name, string directory) => (Name, _directory) = (name, directory);

    internal string Name { get; }

    /// <summary>Where it listens; null until it has been started once.</summary>
    internal NodeAddress? Address { get; private set; }

    /// <summary>Its id, as it says it.</summary>
    internal string Id { get; private set; } = "";

    internal bool IsRunning => _process is { HasExited: false };

    private string LogFile => Path.Join(_directory, $"{Name}.log");

    /// <summary>Starts it, on its data if there is any, and waits until it's up.</summary>
    /// <param name="listen">Where to listen the first time.</param>
    /// <param name="peer">A member of the cluster; null to found one.</param>
    /// <param name="cancellation">Gives up.</param>
    internal async Task StartAsync(NodeAddress listen, NodeAddress? peer, CancellationToken cancellation)
    {
        string[] how = peer is { } member ? ["-c", member.ToString()] : ["--bootstrap"];
        ProcessStartInfo start = OwnProcess(
            ["start", (Address ?? listen).ToString(), "--data", Path.Join(_directory, Name), "--json", "--tied", "--log-level", "info", .. how]);
        Process process = Process.Start(start) ?? throw new IOException($"The process of {Name} wasn't started.");
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            // Lines of one process come one after the other.
            if (line.Data is { } text)
            {
                File.AppendAllText(LogFile, text + Environment.NewLine);
            }
        };
        process.BeginErrorReadLine();
        string? ready = await process.StandardOutput.ReadLineAsync(cancellation);
        if (ready is null)
        {
            throw new FailureException(new Failure(FailureCode.Error, $"{Name} didn't start") { Facts = [.. Tail()] });
        }

        using JsonDocument said = JsonDocument.Parse(ready);
        Address = NodeAddress.Parse(said.RootElement.GetProperty("address").GetString()!);
        Id = said.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>As a loss of power would: nothing is said, written or flushed any more.</summary>
    internal async Task CrashAsync()
    {
        if (_process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
            _process = null;
        }
    }

    /// <summary>Ends it in order; what it has stored can be started again.</summary>
    internal async Task StopAsync()
    {
        if (_process is { } process)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
            _process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CrashAsync();
        _process?.Dispose();
    }

    /// <summary>This very program with other arguments, its three streams in our hands.</summary>
    private static ProcessStartInfo OwnProcess(IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath ?? "dotnet";
        bool isHost = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        string assembly = Path.Join(AppContext.BaseDirectory, "Graft.Cli.dll");
        var start = new ProcessStartInfo(program, isHost ? [assembly, .. arguments] : arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // The runtime puts pipes for debuggers into the temporary directory, and a process that is killed leaves them there.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }

    private string[] Tail() => File.Exists(LogFile) ? [.. File.ReadLines(LogFile).TakeLast(3)] : [];
}
