namespace Graft.Storage;

/// <summary>The first thing in a snapshot file that isn't as it should be.</summary>
/// <param name="Validity">What follows from it; never <see cref="SnapshotValidity.Valid"/>.</param>
/// <param name="Offset">Where in the file the field or the part begins that doesn't verify.</param>
/// <param name="Expected">What should be there.</param>
/// <param name="Found">What is there.</param>
public sealed record SnapshotFault(SnapshotValidity Validity, long Offset, string Expected, string Found)
{
    public override string ToString() => $"at byte {Offset}: expected {Expected}, found {Found}";
}
