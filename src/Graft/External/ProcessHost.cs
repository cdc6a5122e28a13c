using System.ComponentModel;
using System.Diagnostics;

namespace Graft;

/// <summary>Runs programs of this machine. What it awaits comes back on the thread pool: only a node in production has one.</summary>
internal sealed class ProcessHost(string path, ExternalOptions options) : IProgramHost
{
    // What a program that has ended has written is in its pipes; more than this, and somebody else holds them open.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    public async ValueTask<ProgramEnd> RunAsync(string argument, CancellationToken cancellation)
    {
        using Process process = Start(argument);
        using var limit = new CancellationTokenSource(options.Timeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            process.StandardInput.Close();
            Task<byte[]> output = ReadAsync(process, process.StandardOutput.BaseStream);
            Task<byte[]> errors = ReadAsync(process, process.StandardError.BaseStream);
            await process.WaitForExitAsync(either.Token);
            byte[] said = await output.WaitAsync(LastWords, TimeProvider.System, CancellationToken.None);
            return new ProgramEnd(process.ExitCode, said, await errors.WaitAsync(LastWords, TimeProvider.System, CancellationToken.None));
        }
        catch (OperationCanceledException slow)
        {
            throw cancellation.IsCancellationRequested
                ? new ExternalProgramException($"{path} was killed, because this node is stopping.", slow)
                : new ExternalProgramException($"{path} took longer than {options.Timeout.TotalSeconds:0.#} s and was killed.", slow);
        }
        catch (TimeoutException held)
        {
            throw new ExternalProgramException($"{path} has ended, and something that it started goes on and holds its output open. Have it end with what it starts.", held);
        }
        finally
        {
            Kill(process);
        }
    }

    IProgram IProgramHost.Start() => new ProcessProgram(path, Start(null), options);

    public override string ToString() => path;

    internal static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception gone) when (gone is InvalidOperationException or Win32Exception)
        {
            // It has ended by itself meanwhile, or can't be reached any more.
        }
    }

    private Process Start(string? argument)
    {
        var start = new ProcessStartInfo(path)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = options.WorkingDirectory ?? "",
        };
        foreach (string each in options.Arguments)
        {
            start.ArgumentList.Add(each);
        }

        if (argument is not null)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            return Process.Start(start) ?? throw new ExternalProgramException($"{path} couldn't be started.");
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or InvalidOperationException)
        {
            throw new ExternalProgramException($"{path} couldn't be started. {failure.Message}", failure);
        }
    }

    private async Task<byte[]> ReadAsync(Process process, Stream stream)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[16 << 10];
        try
        {
            while (await stream.ReadAsync(buffer, CancellationToken.None) is > 0 and int count)
            {
                Append(all, buffer.AsSpan(0, count));
            }
        }
        catch (ExternalProgramException)
        {
            // Nobody reads on, so it would block, and be said to be slow.
            Kill(process);
            throw;
        }

        return all.ToArray();
    }

    private void Append(MemoryStream all, ReadOnlySpan<byte> bytes)
    {
        all.Write(bytes);
        if (all.Length > options.OutputBytesMax)
        {
            throw new ExternalProgramException($"{path} wrote more than {options.OutputBytesMax} bytes and was killed.");
        }
    }
}
