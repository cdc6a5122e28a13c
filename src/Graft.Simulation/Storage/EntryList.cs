using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <summary>A list of entries that nobody changes. Lists made from one another share their front.</summary>
/// <remarks>A model keeps a version of each log per batch; a tree of nodes, or a copy, would be most of what a seed costs.</remarks>
internal sealed class EntryList
{
    private readonly Storage _storage;

    private EntryList(Storage storage, int count) => (_storage, Count) = (storage, count);

    internal static EntryList Empty { get; } = new(new Storage(), 0);

    internal int Count { get; }

    internal StoredEntry Last => this[Count - 1];

    internal StoredEntry this[int position] => _storage.Items.AsSpan(0, Count)[position];

    /// <summary>This list with one more behind it.</summary>
    internal EntryList Add(in StoredEntry entry)
    {
        // What a longer list has put there is not this one's to change. The empty list is everybody's.
        Storage storage = Count > 0 && _storage.Used == Count ? _storage : new Storage(_storage.Items.AsSpan(0, Count));
        storage.Add(entry);
        return new EntryList(storage, Count + 1);
    }

    /// <summary>The first so many.</summary>
    internal EntryList Take(int count) => count == 0 ? Empty : new EntryList(_storage, Math.Min(count, Count));

    private sealed class Storage
    {
        internal Storage()
        {
        }

        internal Storage(ReadOnlySpan<StoredEntry> items)
        {
            Items = new StoredEntry[Math.Max(items.Length * 2, 4)];
            items.CopyTo(Items);
            Used = items.Length;
        }

        internal StoredEntry[] Items { get; private set; } = [];

        internal int Used { get; private set; }

        internal void Add(in StoredEntry entry)
        {
            if (Used == Items.Length)
            {
                StoredEntry[] larger = new StoredEntry[Math.Max(Used * 2, 4)];
                Items.CopyTo(larger, 0);
                Items = larger;
            }

            Items[Used++] = entry;
        }
    }
}
