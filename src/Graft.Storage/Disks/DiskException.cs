namespace Graft.Storage;

/// <summary>A call to an <see cref="IDisk"/> failed.</summary>
public sealed class DiskException : Exception
{
    /// <summary>Made by a disk; the message is composed of what it's given.</summary>
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

    /// <summary>What kind of failure it is: what the caller's next step depends on.</summary>
    public DiskError Error { get; }

    /// <summary>What was asked for: "flush", "open".</summary>
    public string Operation { get; }

    /// <summary>The file or directory it was asked of, relative to the data directory; empty for the data directory itself.</summary>
    public string Path { get; }
}
