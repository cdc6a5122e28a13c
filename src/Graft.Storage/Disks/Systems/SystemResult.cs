namespace Graft.Storage;

/// <summary>What one system call answered.</summary>
/// <param name="Value">What it returned; without meaning if it failed.</param>
/// <param name="Error">The system's number for the failure; zero if there was none.</param>
internal readonly record struct SystemResult(long Value, int Error)
{
    internal bool Failed => Error != 0;
}
