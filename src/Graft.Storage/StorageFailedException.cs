namespace Graft.Storage;

/// <summary>A flush or write failed; final: what's durable is unknown.</summary>
/// <remarks>
/// Whoever gets it acknowledges nothing any more and stops. To try again would be to believe a page cache that may have dropped
/// the data and forgotten the error (Rebello et al., ATC'20): see <see cref="IDiskFile.Flush"/>.
/// </remarks>
public sealed class StorageFailedException : Exception
{
    /// <param name="operation">What was being done: "flush", "write".</param>
    /// <param name="path">The file or directory it was done to.</param>
    /// <param name="inner">What the disk said.</param>
    public StorageFailedException(string operation, string path, DiskException inner)
        : base($"Storage failed and is given up, because what is durable is unknown. {Reason(inner)}", inner)
    {
        Operation = operation;
        Path = path;
    }

    public string Operation { get; }

    public string Path { get; }

    private static string Reason(DiskException inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        return inner.Message;
    }
}
