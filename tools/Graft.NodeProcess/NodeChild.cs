using System.Diagnostics;
using System.Text;
using Graft.Network;

namespace Graft.NodeProcess;

/// <summary>A node's process, as whoever started it sees it. It ends with its parent at the latest.</summary>
internal sealed class NodeChild : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private NodeChild(Process process)
    {
        _process = process;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
    }

    /// <summary>Where it serves.</summary>
    internal NodeAddress Address { get; private set; }

    /// <summary>Its node's id, as text.</summary>
    internal string Node { get; private set; } = "";

    internal bool HasExited => _process.HasExited;

    internal int ExitCode => _process.ExitCode;

    /// <summary>What it wrote to its standard error so far.</summary>
    internal string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString().Trim();
            }
        }
    }

    /// <summary>Processor time that it has used.</summary>
    internal TimeSpan Processor
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Memory that it has resident.</summary>
    internal long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts one, and waits until it serves.</summary>
    /// <exception cref="IOException">It ended instead, or took too long; the message has what it said.</exception>
    internal static async Task<NodeChild> StartAsync(NodeChildOptions options, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Join(AppContext.BaseDirectory, "Graft.NodeProcess.dll"), .. options.Arguments()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var child = new NodeChild(Process.Start(start) ?? throw new IOException("The process of the node was not started."));
        try
        {
            await child.AwaitReadyAsync(cancellation);
            return child;
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it at once, as a crash does: SIGKILL.</summary>
    internal async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Has it stop in order, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="TimeoutException">It hasn't ended within a minute.</exception>
    internal async Task<int> StopAsync()
    {
        ProcessSignal.Send(_process, ProcessSignal.Terminate);
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Lets it stand still: it's there, and does nothing.</summary>
    internal void Suspend() => ProcessSignal.Send(_process, ProcessSignal.Stop);

    internal void Resume() => ProcessSignal.Send(_process, ProcessSignal.Continue);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private async Task AwaitReadyAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        string? line;
        try
        {
            line = await _process.StandardOutput.ReadLineAsync(patience.Token);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"The node isn't ready after {Patience.TotalSeconds:0} s. {Errors}", late);
        }

        string[] words = line?.Split(' ') ?? [];
        if (words is not [NodeProcessCommand.Ready, string address, string node])
        {
            await _process.WaitForExitAsync(patience.Token);
            throw new IOException($"The node ended with status {_process.ExitCode}. {Errors}");
        }

        (Address, Node) = (NodeAddress.Parse(address), node);
    }
}
