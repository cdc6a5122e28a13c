using System.Diagnostics;

namespace Graft.EndToEnd.Tests;

/// <summary>One run of the graft command to its end.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="Out">The results.</param>
/// <param name="Error">The talk.</param>
internal sealed record GraftCommand(int Code, string Out, string Error)
{
    internal const string Project = "Graft.Cli";

    /// <summary>The program, where the build has put it. The test runs from artifacts/bin/PROJECT/CONFIGURATION.</summary>
    internal static string Program
    {
        get
        {
            string configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Name;
            return Path.GetFullPath(Path.Join(AppContext.BaseDirectory, "..", "..", Project, configuration, $"{Project}.dll"));
        }
    }

    /// <param name="input">What is piped in.</param>
    /// <param name="typed">What stands behind <c>graft</c>.</param>
    /// <param name="cancellation">The test's bound.</param>
    internal static async Task<GraftCommand> RunAsync(string input, string[] typed, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. typed])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation);
            Task<string> error = process.StandardError.ReadToEndAsync(cancellation);
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellation);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellation);
            return new GraftCommand(process.ExitCode, await output, await error);
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
