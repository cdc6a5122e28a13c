using Graft.Consensus;

namespace Graft.Storage;

/// <summary>An entry with its bytes.</summary>
/// <param name="Id">Its index and term.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Payload">Its bytes; empty of a no-op, and of an entry stored by its header only.</param>
/// <param name="Checksum">What <see cref="EntryChecksum"/> said where it was born.</param>
/// <param name="IsHeaderOnly">A witness stores it without its payload; the checksum is still that of the whole.</param>
public readonly record struct StoredEntry(EntryId Id, EntryKind Kind, ReadOnlyMemory<byte> Payload, uint Checksum, bool IsHeaderOnly = false)
{
    /// <summary>A new entry: the one place where a checksum is made. Of one that came from elsewhere, keep the checksum that came with it.</summary>
    /// <param name="id">Its index and term.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="payload">Its bytes, not copied.</param>
    public static StoredEntry Born(EntryId id, EntryKind kind, ReadOnlyMemory<byte> payload) =>
        new(id, kind, payload, EntryChecksum.Of(id, kind, payload.Span));

    /// <summary>Whether the bytes are those of its birth. An entry stored by its header only has none to compare.</summary>
    public bool IsIntact => IsHeaderOnly ? Payload.IsEmpty : EntryChecksum.Of(Id, Kind, Payload.Span) == Checksum;

    public override string ToString() => $"{Id} {Kind} {Payload.Length} B";
}
