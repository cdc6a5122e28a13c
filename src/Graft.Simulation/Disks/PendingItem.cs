namespace Graft.Simulation.Disks;

/// <summary>One change that a power loss may keep or lose.</summary>
/// <param name="Index">Its place among all pending items of the disk, oldest first.</param>
/// <param name="Kind">What changes.</param>
/// <param name="Path">The file as it was named then, or the name; "old -> new" of a move.</param>
/// <param name="Offset">Where the data begin.</param>
/// <param name="Bytes">How many bytes of data; the new length if it is a length.</param>
/// <param name="Sectors">Into how many parts it can be torn; 1 if it can't.</param>
public readonly record struct PendingItem(
    int Index, PendingKind Kind, string Path, long Offset, long Bytes, int Sectors)
{
    /// <summary>One line for a failure report.</summary>
    public override string ToString() => Kind switch
    {
        PendingKind.Data => FormattableString.Invariant($"{Index}: write {Path} @{Offset} {Bytes} B"),
        PendingKind.Length => FormattableString.Invariant($"{Index}: length {Path} {Bytes} B"),
        PendingKind.Link => FormattableString.Invariant($"{Index}: link {Path}"),
        PendingKind.Unlink => FormattableString.Invariant($"{Index}: unlink {Path}"),
        PendingKind.Move => FormattableString.Invariant($"{Index}: move {Path}"),
    };
}
