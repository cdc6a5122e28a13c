namespace Graft.Consensus;

/// <summary>The end of a transfer that this node began (thesis §3.10).</summary>
/// <param name="Target">Who was to lead.</param>
/// <param name="Outcome">What came of it.</param>
public readonly record struct TransferResult(NodeId Target, TransferOutcome Outcome)
{
    public override string ToString() => $"transfer to {Target}: {Outcome}";
}
