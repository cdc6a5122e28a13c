using System.Diagnostics;

namespace Graft.Storage.Tests.Disks;

/// <summary>Runs Graft.DiskProbe, or a script that does, as a process of its own, for a bounded time.</summary>
internal static class Probe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>"dotnet", and the probe that was built with this test.</summary>
    internal static readonly string[] Command = ["dotnet", Path.Join(AppContext.BaseDirectory, "Graft.DiskProbe.dll")];

    /// <summary>Runs the probe under strace, which injects faults into its system calls. Skips the test where that's impossible.</summary>
    /// <param name="trace">Where strace writes the calls it touched.</param>
    /// <param name="injection">As in <c>strace -e inject=</c>.</param>
    /// <param name="arguments">The probe's.</param>
    internal static async Task<string[]> RunTracedAsync(string trace, string injection, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "strace is a tool of Linux.");
        (int usable, _, string complaint) = await RunAsync("strace", "-f", "-o", trace, "true");
        Assert.SkipUnless(usable == 0, $"strace can't be used here: {complaint}");

        string calls = injection[..injection.IndexOf(':', StringComparison.Ordinal)];
        (int status, string[] lines, string errors) = await RunAsync(
            "strace", ["-f", "-o", trace, "-e", $"trace={calls}", "-e", $"inject={injection}", .. Command, .. arguments]);
        Assert.True(status == 0, errors);
        return lines;
    }

    /// <summary>
    /// Runs a shell script that may mount. Its mounts are in a name space of their own and end with its last process, however that
    /// ends, and so does a loop device under one. Skips the test where that's impossible, or where the script ends with 77.
    /// </summary>
    /// <param name="directory">Its working directory.</param>
    /// <param name="script">The probe is <c>"$@"</c>.</param>
    internal static async Task<string[]> RunMountingAsync(string directory, string script)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root mounts file systems.");
        string[] isolated = ["--mount", "--propagation", "private"];
        (int usable, _, string complaint) = await RunAsync("unshare", [.. isolated, "true"]);
        Assert.SkipUnless(usable == 0, $"There's no mount name space to be had here: {complaint}");

        (int status, string[] lines, string errors) =
            await RunAsync("unshare", [.. isolated, "sh", "-c", $"cd '{directory}'\n{script}", "sh", .. Command]);
        Assert.SkipWhen(status == 77, $"The file system could not be made: {errors}");
        Assert.True(status == 0, errors);
        return lines;
    }

    private static async Task<(int Status, string[] Output, string Errors)> RunAsync(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        Process? started = null;
        try
        {
            started = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (-1, [], missing.Message);
        }

        using Process process = started ?? throw new InvalidOperationException($"{program} was not started.");
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries), await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
