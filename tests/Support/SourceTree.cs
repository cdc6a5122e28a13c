using System.Runtime.CompilerServices;

namespace Graft.Testing;

/// <summary>The tree that the tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The folder that holds Graft.slnx.</summary>
    /// <exception cref="InvalidOperationException">There is none above the tests, nor above their source.</exception>
    internal static string Root { get; } = FindRoot();

    // A build with a planted bug may lie outside of the tree; then only this file's own path leads there.
    private static string FindRoot([CallerFilePath] string thisFile = "") =>
        RootAbove(AppContext.BaseDirectory) ?? RootAbove(Path.GetDirectoryName(thisFile))
        ?? throw new InvalidOperationException($"Graft.slnx is above neither {AppContext.BaseDirectory} nor {thisFile}.");

    private static string? RootAbove(string? at)
    {
        while (at is not null && !File.Exists(Path.Combine(at, "Graft.slnx")))
        {
            at = Path.GetDirectoryName(at);
        }

        return at;
    }
}
