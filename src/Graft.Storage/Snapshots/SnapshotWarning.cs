namespace Graft.Storage;

/// <summary>Something that the store got over, and that an operator has to know.</summary>
/// <param name="File">Which file, by its path in the data directory.</param>
/// <param name="Text">What is the matter, and what was done.</param>
/// <param name="Fault">What doesn't verify, if that's the matter.</param>
public sealed record SnapshotWarning(string File, string Text, SnapshotFault? Fault)
{
    public override string ToString() => $"{File}: {Text}";
}
