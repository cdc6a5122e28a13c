namespace Graft.Simulation.Disks;

/// <summary>A file without its name: what is on the platter, what the cache shows, and the changes between the two.</summary>
internal sealed class Inode(int id)
{
    private List<PendingChange> _pending = [];

    internal int Id { get; } = id;

    /// <summary>The last path it was visible under, for reports.</summary>
    internal string Path { get; set; } = "";

    internal FileImage Durable { get; set; } = new();

    internal FileImage Cache { get; set; } = new();

    /// <summary>The length on the platter once all that is pending has reached it.</summary>
    internal long LengthToCome { get; set; }

    /// <summary>The platter before the last flush: what a stale read or a sector that wasn't written shows.</summary>
    internal FileImage Previous { get; set; } = new();

    internal List<PendingChange> Pending => _pending;

    /// <summary>Ranges that cannot be read until they are written.</summary>
    internal RangeSet Unreadable { get; private init; } = new();

    internal int VisibleNames { get; set; }

    internal int OpenFiles { get; set; }

    internal bool OccupiesSpace => VisibleNames > 0 || OpenFiles > 0;

    /// <summary>What the cache shows if every clean page has to be read again.</summary>
    internal FileImage Reread(long lengthInMemory)
    {
        FileImage image = Durable.Clone();
        foreach (PendingChange change in _pending)
        {
            if (change.Kind == PendingKind.Length)
            {
                image.SetLength(change.Length);
            }
            else if (change.Target == Id)
            {
                image.Put(change.Data, change.Offset);
            }
        }

        // The length is metadata: it stays in memory though the pages go.
        image.SetLength(lengthInMemory);
        image.CutToLength();
        return image;
    }

    /// <summary>A copy in which nothing is open.</summary>
    internal Inode Clone() => new(Id)
    {
        Path = Path,
        Durable = Durable.Clone(),
        Cache = Cache.Clone(),
        LengthToCome = LengthToCome,
        Previous = Previous.Clone(),
        _pending = [.. _pending],
        Unreadable = Unreadable.Clone(),
        VisibleNames = VisibleNames,
    };
}
