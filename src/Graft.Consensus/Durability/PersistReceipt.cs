namespace Graft.Consensus;

/// <summary>Says that an order is durable. Receipts may come late and in any order.</summary>
/// <param name="Sequence">The order's.</param>
/// <param name="Last">The order's last entry: one that a later order has truncated counts for nothing.</param>
public readonly record struct PersistReceipt(ulong Sequence, EntryId Last);
