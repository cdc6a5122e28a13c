using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>A message from another node, with the entries that came with it.</summary>
internal abstract class ReceivedMessage : IEntryOwner
{
    internal Message Message { get; set; }

    /// <summary>The entries of an append, in order; their bytes are this object's until it's released.</summary>
    internal abstract ReadOnlySpan<StoredEntry> Entries { get; }

    public abstract void Release();
}
