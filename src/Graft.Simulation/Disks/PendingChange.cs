namespace Graft.Simulation.Disks;

/// <summary>A change between the cache and the platter. Immutable, so forks share it.</summary>
internal sealed class PendingChange
{
    /// <summary>Its place in the order of all changes of the disk.</summary>
    internal required long Serial { get; init; }

    internal required PendingKind Kind { get; init; }

    /// <summary>The file whose flush, or the directory whose flush, makes it durable.</summary>
    internal required int Owner { get; init; }

    /// <summary>The path of that file at that time, or of the directory.</summary>
    internal required string Path { get; init; }

    /// <summary>The file the data land in: another than the owner's if the write is misdirected.</summary>
    internal int Target { get; init; }

    internal long Offset { get; init; }

    internal byte[] Data { get; init; } = [];

    internal long Length { get; init; }

    internal string Name { get; init; } = "";

    internal string NewName { get; init; } = "";

    internal Entry Entry { get; init; }

    /// <summary>Of the unlink of a move across directories: the link that is its other half.</summary>
    internal PendingChange? Partner { get; init; }

    internal bool IsName => Kind is PendingKind.Link or PendingKind.Unlink or PendingKind.Move;

    internal PendingItem Describe(int index, int sectorBytes)
    {
        string shown = Kind switch
        {
            PendingKind.Link or PendingKind.Unlink => Under(Name),
            PendingKind.Move => $"{Under(Name)} -> {Under(NewName)}",
            PendingKind.Data or PendingKind.Length => Path,
        };
        long bytes = Kind == PendingKind.Length ? Length : Data.Length;
        return new PendingItem(index, Kind, shown, Offset, bytes, SectorCount(sectorBytes));
    }

    internal int SectorCount(int sectorBytes) => Data.Length == 0
        ? 1
        : (int)(((Offset + Data.Length - 1) / sectorBytes) - (Offset / sectorBytes)) + 1;

    private string Under(string name) => Path.Length == 0 ? name : $"{Path}/{name}";
}
