namespace Graft.Consensus;

/// <summary>What has to become durable, as one atomic step after all earlier orders.</summary>
/// <param name="Sequence">Names the order in its receipt; rises by one from order to order.</param>
/// <param name="HardState">Term, vote and kind of log to store, or null if they stand.</param>
/// <param name="Install">Take this received snapshot as the state; see <see cref="ResetLog"/> for the log.</param>
/// <param name="ResetLog">With <see cref="Install"/>: drop the whole log, it continues the snapshot no more.</param>
/// <param name="TruncateAfter">Drop every stored entry above this index first, or null.</param>
/// <param name="First">The first entry to append; above <see cref="Last"/> if there is none.</param>
/// <param name="Last">Where the log ends once this is durable. The receipt repeats it.</param>
/// <remarks>
/// The terms of the entries are in <see cref="Ready.PersistRuns"/>; the host looks up its payloads by (index, term).
/// </remarks>
public readonly record struct PersistOrder(
    ulong Sequence,
    HardState? HardState,
    Snapshot? Install,
    bool ResetLog,
    LogIndex? TruncateAfter,
    LogIndex First,
    EntryId Last)
{
    /// <summary>Whether there are entries to append.</summary>
    public bool HasEntries => First <= Last.Index;

    /// <summary>What the host hands back once a flush that covers this order has succeeded, and never before.</summary>
    public PersistReceipt Receipt => new(Sequence, Last);

    public override string ToString() =>
        $"persist #{Sequence}{(HardState is { } state ? $" {state}" : "")}{(Install is null ? "" : $" install {Install.Last}")}"
        + $"{(TruncateAfter is { } after ? $" truncate>{after}" : "")}{(HasEntries ? $" append [{First}..{Last.Index}]" : "")}";
}
