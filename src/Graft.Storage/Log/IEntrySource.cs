using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Where a host keeps the bytes of entries that are on their way to the log.</summary>
public interface IEntrySource
{
    /// <summary>The entry with its bytes, exactly this one, valid until the write that asks for it is done: another term at the same index is another entry.</summary>
    /// <remarks>The core asks for nothing that its host didn't hand it; not to have an entry is a bug, and throws.</remarks>
    StoredEntry Find(GroupId group, EntryId id);
}
