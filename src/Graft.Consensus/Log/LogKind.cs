namespace Graft.Consensus;

/// <summary>What a node's log holds of its entries.</summary>
/// <remarks>
/// Decided by the first leader that sends the node anything, and then for the life of its disk: headers that were stored
/// without payloads match those of everybody else, so nothing but this memory tells a log that can lead from one that can't.
/// </remarks>
public enum LogKind : byte
{
    /// <summary>Nothing has been stored but, at most, the entry that founds a cluster.</summary>
    Undecided,

    /// <summary>Entries with their payloads.</summary>
    Full,

    /// <summary>A witness's: terms, indexes and configurations.</summary>
    HeadersOnly,
}
