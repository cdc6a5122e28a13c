namespace Graft.Storage;

/// <summary>A write or a flush failed. What is durable of it is unknown, and nothing can be found out by trying again.</summary>
/// <remarks>
/// Final for what threw it: the host ends its part in every quorum that rests on it. Acknowledged writes are safe; of those
/// that waited, each may or may not be there after a restart. To try again would be to believe a page cache that may have
/// dropped the data and forgotten the error (Rebello et al., ATC'20): see <see cref="IDiskFile.Flush"/>.
/// </remarks>
public sealed class StorageFailedException : Exception
{
    /// <param name="operation">What was being done: "flush", "write".</param>
    /// <param name="path">The file or directory it was done to, relative to the data directory.</param>
    /// <param name="inner">What the disk said.</param>
    public StorageFailedException(string operation, string path, DiskException inner)
        : base($"Storage failed and takes no more, because what is durable is unknown. {Reason(inner)} Restart the node when the disk is sound.", inner)
    {
        Operation = operation;
        Path = path;
    }

    internal StorageFailedException(DiskException failure)
        : this(failure.Operation, failure.Path, failure)
    {
    }

    /// <summary>What failed: "flush", "write".</summary>
    public string Operation { get; }

    /// <summary>The file it failed on, relative to the data directory.</summary>
    public string Path { get; }

    private static string Reason(DiskException inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        return inner.Message;
    }
}
