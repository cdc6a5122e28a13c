using System.Diagnostics;
using System.Text;
using Graft.NodeProcess;

namespace Graft.EndToEnd.Tests;

/// <summary>An example, run as its reader would: its program, its arguments, its input and output. It ends with its test at the latest.</summary>
internal sealed class ExampleProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _name;
    private readonly StringBuilder _said = new();

    private ExampleProcess(Process process, string name)
    {
        (_process, _name) = (process, name);
        _process.ErrorDataReceived += (_, line) => Remember(line.Data);
        _process.BeginErrorReadLine();
    }

    /// <summary>What it has said so far, as far as it was read; for messages.</summary>
    internal string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    /// <param name="example">A folder of examples/.</param>
    /// <param name="arguments">What follows the program's name.</param>
    /// <param name="environment">Variables that it has beside those of the test.</param>
    internal static ExampleProcess Start(string example, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        // The test runs from <artifacts>/bin/<project>/<configuration>.
        string configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Name;
        string program = Path.GetFullPath(Path.Join(AppContext.BaseDirectory, "..", "..", example, configuration, $"{example}.dll"));
        Assert.True(File.Exists(program), $"{example} has not been built: {program}");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ExampleProcess(Process.Start(start)!, example);
    }

    /// <summary>Reads on until a line that has <paramref name="mark"/>, and gives what follows it there.</summary>
    internal async Task<string> ReadAsync(string mark, CancellationToken cancellation)
    {
        while (await ReadLineAsync(cancellation) is { } line)
        {
            int at = line.IndexOf(mark, StringComparison.Ordinal);
            if (at >= 0)
            {
                return line[(at + mark.Length)..];
            }
        }

        throw new InvalidOperationException($"{_name} has ended and never said '{mark}', but: {Said}");
    }

    /// <summary>Gives it some letters, and waits for nothing.</summary>
    internal async Task TypeAsync(string letters, CancellationToken cancellation)
    {
        await _process.StandardInput.WriteAsync(letters.AsMemory(), cancellation);
        await _process.StandardInput.FlushAsync(cancellation);
    }

    /// <summary>Gives it a line, and takes the next line for its answer.</summary>
    internal async Task<string> SayAsync(string line, CancellationToken cancellation)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellation);
        await _process.StandardInput.FlushAsync(cancellation);
        return await ReadLineAsync(cancellation) ?? "it has ended";
    }

    /// <summary>The end of its input is the end of an example that reads it, in order: its exit code says so.</summary>
    internal async Task EndAsync(CancellationToken cancellation)
    {
        _process.StandardInput.Close();
        await AssertEndedAsync(0, cancellation);
    }

    /// <summary>SIGTERM, and an end in order.</summary>
    internal async Task StopAsync(CancellationToken cancellation)
    {
        ProcessSignal.Send(_process, ProcessSignal.Terminate);
        await AssertEndedAsync(0, cancellation);
    }

    /// <summary>SIGINT, as Ctrl+C, and an end with this exit code.</summary>
    internal async Task InterruptAsync(int code, CancellationToken cancellation)
    {
        ProcessSignal.Send(_process, ProcessSignal.Interrupt);
        await AssertEndedAsync(code, cancellation);
    }

    /// <summary>Waits until it has ended, with this exit code.</summary>
    /// <returns>All that it has said, on whatever stream.</returns>
    internal async Task<string> AssertEndedAsync(int code, CancellationToken cancellation)
    {
        // What nobody reads any more would fill the pipe, and the process wait for a reader.
        while (await ReadLineAsync(cancellation) is not null)
        {
        }

        await _process.WaitForExitAsync(cancellation);
        Assert.True(_process.ExitCode == code, $"{_name} ended with status {_process.ExitCode}. {Said}");
        return Said.Trim();
    }

    /// <summary>SIGKILL, as a crash.</summary>
    internal async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellation)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(cancellation);
        Remember(line);
        return line;
    }

    private void Remember(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }
}
