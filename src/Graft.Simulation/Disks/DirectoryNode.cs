namespace Graft.Simulation.Disks;

/// <summary>The names in a directory: those on the platter, those that show, and the changes between the two.</summary>
internal sealed class DirectoryNode(int id, string path)
{
    internal int Id { get; } = id;

    internal string Path { get; } = path;

    internal SortedList<string, Entry> Durable { get; private set; } = new(StringComparer.Ordinal);

    internal SortedList<string, Entry> Visible { get; private set; } = new(StringComparer.Ordinal);

    internal List<PendingChange> Pending { get; private init; } = [];

    internal void ShowDurable() => Visible = new(Durable, StringComparer.Ordinal);

    internal DirectoryNode Clone() => new(Id, Path)
    {
        Durable = new(Durable, StringComparer.Ordinal),
        Visible = new(Visible, StringComparer.Ordinal),
        Pending = [.. Pending],
    };

    /// <summary>Makes one change to the names on the platter or to those that show.</summary>
    /// <remarks>
    /// After a crash that keeps any subset, the name a change begins from may be missing or another file's: then there is
    /// nothing to remove.
    /// </remarks>
    internal static void Apply(SortedList<string, Entry> names, PendingChange change)
    {
        if (change.Kind != PendingKind.Link && names.TryGetValue(change.Name, out Entry held) && held == change.Entry)
        {
            names.Remove(change.Name);
        }

        if (change.Kind != PendingKind.Unlink)
        {
            names[change.Kind == PendingKind.Link ? change.Name : change.NewName] = change.Entry;
        }
    }
}
