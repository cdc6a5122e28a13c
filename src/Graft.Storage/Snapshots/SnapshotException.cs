namespace Graft.Storage;

/// <summary>A snapshot could not be written, received or read; the store goes on.</summary>
public sealed class SnapshotException : Exception
{
    internal SnapshotException(SnapshotError error, string file, string reason, SnapshotFault? fault = null, Exception? inner = null)
        : base($"{file}: {reason}", inner)
    {
        Error = error;
        File = file;
        Fault = fault;
    }

    /// <summary>Why, and what the caller's next step depends on.</summary>
    public SnapshotError Error { get; }

    /// <summary>Which file, by its path in the data directory.</summary>
    public string File { get; }

    /// <summary>What doesn't verify, if that's the reason.</summary>
    public SnapshotFault? Fault { get; }

    internal static SnapshotException Of(string file, SnapshotFault fault)
    {
        (SnapshotError error, string what) = fault.Validity switch
        {
            SnapshotValidity.OtherCluster => (SnapshotError.OtherCluster, "the snapshot is another cluster's"),
            SnapshotValidity.UnknownFormat => (SnapshotError.UnknownFormat, "the snapshot has a format unknown to this program"),
            _ => (SnapshotError.Damaged, "the snapshot is damaged"),
        };
        return new SnapshotException(error, file, $"{what}: {fault}.", fault);
    }
}
