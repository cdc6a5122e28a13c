namespace Graft.Storage;

/// <summary>A write or a flush failed. What is durable of it is unknown, and nothing can be found out by trying again.</summary>
/// <remarks>
/// Final for what threw it: the host ends its part in every quorum that rests on it. Acknowledged writes are safe; of those
/// that waited, each may or may not be there after a restart.
/// </remarks>
public sealed class StorageFailedException : Exception
{
    internal StorageFailedException(DiskException failure)
        : base($"{failure.Message} What is durable of it is unknown, so this log takes no more. Restart the node when the disk is sound.", failure)
    {
        Operation = failure.Operation;
        Path = failure.Path;
    }

    /// <summary>What failed: "flush", "write".</summary>
    public string Operation { get; }

    /// <summary>The file it failed on, relative to the data directory.</summary>
    public string Path { get; }
}
