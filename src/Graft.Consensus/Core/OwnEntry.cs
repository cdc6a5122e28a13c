namespace Graft.Consensus;

/// <summary>An entry that the core itself appended as leader, for the host to encode: a no-op or a configuration.</summary>
/// <param name="Id">Where it stands.</param>
/// <param name="Membership">The configuration, or null for the no-op that begins a term.</param>
public readonly record struct OwnEntry(EntryId Id, Membership? Membership);
