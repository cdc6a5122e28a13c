using System.ComponentModel;
using System.Diagnostics;

namespace Graft;

/// <summary>Runs programs of this machine. What it awaits comes back on the thread pool: only a node in production has one.</summary>
internal sealed class ProcessHost(string path, ExternalOptions options) : IProgramHost
{
    public async ValueTask<ProgramEnd> RunAsync(string argument)
    {
        using Process process = Start(argument);
        using var limit = new CancellationTokenSource(options.Timeout, TimeProvider.System);
        try
        {
            process.StandardInput.Close();
            Task<byte[]> output = ReadAsync(process.StandardOutput.BaseStream, limit.Token);
            Task<byte[]> errors = ReadAsync(process.StandardError.BaseStream, limit.Token);
            var end = new ProgramEnd(0, await output, await errors);
            await process.WaitForExitAsync(limit.Token);
            return end with { Status = process.ExitCode };
        }
        catch (OperationCanceledException slow)
        {
            throw new ExternalProgramException($"{path} took longer than {options.Timeout.TotalSeconds:0.#} s and was killed.", slow);
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

    private async Task<byte[]> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        var all = new MemoryStream();
        byte[] buffer = new byte[16 << 10];
        while (await stream.ReadAsync(buffer, cancellation) is > 0 and int count)
        {
            Append(all, buffer.AsSpan(0, count));
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
