using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What one group wants to have durable, as one step. Filled, handed to the log, and used again once it is done.</summary>
/// <remarks>
/// Takes effect in this order: <see cref="Start"/>, <see cref="TruncateAfter"/>, the entries; with <see cref="HardState"/> at once.
/// One larger than a batch goes to disk in several; a crash then keeps a prefix, and nothing is acknowledged before the last.
/// </remarks>
public sealed class LogWrite
{
    private StoredEntry[] _entries = new StoredEntry[4];

    /// <summary>The group it is for.</summary>
    public GroupId Group { get; private set; }

    /// <summary>Term and vote, if they change.</summary>
    public HardState? HardState { get; set; }

    /// <summary>Compacts the log up to an entry.</summary>
    public LogStart? Start { get; set; }

    /// <summary>With <see cref="Start"/>: drops the entries above it too; an installed snapshot has replaced the log.</summary>
    public bool IsReset { get; set; }

    /// <summary>Drops the entries above this index.</summary>
    public LogIndex? TruncateAfter { get; set; }

    /// <summary>Removes the group with all it has.</summary>
    public bool IsRemoval { get; set; }

    /// <summary>The core has found again what the group had lost.</summary>
    public bool ForgetsLoss { get; set; }

    /// <summary>The entries to append.</summary>
    public ReadOnlySpan<StoredEntry> Entries => _entries.AsSpan(0, Count);

    /// <summary>How many entries there are to append.</summary>
    public int Count { get; private set; }

    /// <summary>The batch that the last of it went into, once all of it is staged.</summary>
    public ulong Batch { get; internal set; }

    // What the log has taken over already.
    internal bool IsBegun { get; set; }

    internal int Staged { get; set; }

    // Votes, terms, configurations and compaction go on while there is no room for commands.
    internal bool IsEssential
    {
        get
        {
            foreach (ref readonly StoredEntry entry in Entries)
            {
                if (entry.Kind == EntryKind.Command)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Begins a new write in the place of the old.</summary>
    public void Begin(GroupId group)
    {
        Array.Clear(_entries, 0, Count);
        (Group, HardState, Start, IsReset, TruncateAfter, IsRemoval, ForgetsLoss) = (group, null, null, false, null, false, false);
        (Count, Batch, IsBegun, Staged) = (0, 0, false, 0);
    }

    /// <summary>Adds an entry behind the others.</summary>
    public void Add(in StoredEntry entry)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        _entries[Count++] = entry;
    }
}
