namespace Graft.Storage;

/// <summary>What the verification of a file to its last byte, or to the first fault, has shown.</summary>
/// <param name="File">Which file, by its path in the data directory.</param>
/// <param name="Description">What it says of itself; null if it isn't valid.</param>
/// <param name="Fault">Why it isn't valid; null if it is.</param>
public sealed record SnapshotVerdict(string File, SnapshotDescription? Description, SnapshotFault? Fault)
{
    /// <summary>What follows from it.</summary>
    public SnapshotValidity Validity => Fault?.Validity ?? SnapshotValidity.Valid;

    public override string ToString() => Fault is null ? $"{File} is valid." : SnapshotException.Of(File, Fault).Message;
}
