namespace Graft.Storage;

/// <summary>A call to an <see cref="IDisk"/> failed.</summary>
public sealed class DiskException : Exception
{
    /// <param name="error">What kind of failure it is.</param>
    /// <param name="operation">What was asked for: "flush", "open".</param>
    /// <param name="path">The file or directory it was asked of.</param>
    /// <param name="reason">What the system said: its message, and its number if it has one.</param>
    public DiskException(DiskError error, string operation, string path, string reason)
        : base($"Could not {operation} {(path.Length == 0 ? "the data directory" : path)}: {reason}")
    {
        Error = error;
        Operation = operation;
        Path = path;
    }

    public DiskError Error { get; }

    public string Operation { get; }

    public string Path { get; }
}
