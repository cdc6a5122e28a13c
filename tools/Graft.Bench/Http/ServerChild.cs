using System.Diagnostics;
using System.Text;

namespace Graft.Bench.Http;

/// <summary>A server's process, which is killed at the latest with whoever started it.</summary>
internal sealed class ServerChild : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private ServerChild(Process process)
    {
        _process = process;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                // What a server says when all is well is long; the end of it is enough when it isn't.
                _errors.AppendLine(line.Data);
                _errors.Remove(0, Math.Max(0, _errors.Length - 4000));
            }
        };
        _process.BeginErrorReadLine();
    }

    /// <summary>Starts one.</summary>
    /// <exception cref="IOException">There is no such program.</exception>
    internal static ServerChild Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        try
        {
            return new ServerChild(Process.Start(start) ?? throw new IOException($"{program} was not started."));
        }
        catch (System.ComponentModel.Win32Exception unknown)
        {
            throw new IOException($"{program} was not started: {unknown.Message}", unknown);
        }
    }

    /// <summary>The next line that it writes to its output.</summary>
    /// <exception cref="IOException">It ended instead, or took too long; the message has what it said.</exception>
    internal async Task<string> ReadLineAsync(CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            return await _process.StandardOutput.ReadLineAsync(patience.Token) ?? throw new IOException($"A server ended. {Errors()}");
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"A server isn't ready after {Patience.TotalSeconds:0} s. {Errors()}", late);
        }
    }

    /// <summary>Says why, if it has ended.</summary>
    /// <exception cref="IOException">It has.</exception>
    internal void ExpectRunning()
    {
        if (_process.HasExited)
        {
            throw new IOException($"A server ended with status {_process.ExitCode}. {Errors()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private string Errors()
    {
        lock (_errors)
        {
            return _errors.ToString().Trim();
        }
    }
}
