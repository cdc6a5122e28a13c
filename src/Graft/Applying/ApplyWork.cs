using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>A run of committed entries on its way through the state machine and back.</summary>
internal sealed class ApplyWork
{
    private const int EntryOverhead = 48;

    internal List<StoredEntry> Entries { get; } = [];

    /// <summary>One for each entry, in order, once it's applied.</summary>
    internal List<EntryOutcome> Outcomes { get; } = [];

    /// <summary>Counts the works of a group.</summary>
    internal ulong Number { get; set; }

    /// <summary>When it was submitted, as the clock's timestamp.</summary>
    internal long BegunAt { get; set; }

    /// <summary>What the entries were read into, if they came from the log.</summary>
    internal EntryLoad? Load { get; set; }

    /// <summary>How far the state has come with it.</summary>
    internal StatePosition Reached { get; set; }

    /// <summary>Whether there is a command of the application in it.</summary>
    internal bool HasCommands { get; set; }

    /// <summary>What they take in the log, nearly: those of a witness are headers alone, and fill a disk all the same.</summary>
    internal long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (StoredEntry entry in Entries)
            {
                bytes += entry.Payload.Length + EntryOverhead;
            }

            return bytes;
        }
    }

    internal LogIndex Last => Entries[^1].Id.Index;

    internal void Clear()
    {
        Entries.Clear();
        Outcomes.Clear();
        HasCommands = false;
    }
}
