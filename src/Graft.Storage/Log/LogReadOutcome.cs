namespace Graft.Storage;

/// <summary>What a read of the log found.</summary>
public enum LogReadOutcome
{
    /// <summary>The entries are in the buffer: all that were asked for, or as many as fit.</summary>
    Read,

    /// <summary>The first entry asked for isn't in the log: compacted, truncated or not there yet.</summary>
    NotInLog,

    /// <summary>
    /// The next entry can't be read or isn't what was written; those before it are in the buffer. The copy on this node has
    /// rotted: a leader steps down, and the node is restarted to find out what it has lost.
    /// </summary>
    Damaged,
}
