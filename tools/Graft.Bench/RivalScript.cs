using System.Diagnostics;

namespace Graft.Bench;

/// <summary>Finds and runs the scripts that build a rival and measure it.</summary>
internal static class RivalScript
{
    /// <summary>The script's path, looked for from the program upwards; null if it isn't there.</summary>
    internal static string? Find(string script)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            string path = Path.Combine(at.FullName, script);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    internal static (int Status, string Output, string Errors) Execute(string file, string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)
            ?? throw new BenchmarkFailedException($"Expected {file} to start; it did not.");
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors);
    }
}
