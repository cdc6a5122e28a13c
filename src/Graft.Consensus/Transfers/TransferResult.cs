namespace Graft.Consensus;

/// <summary>The end of a transfer that this node began.</summary>
public readonly record struct TransferResult(NodeId Target, TransferOutcome Outcome)
{
    public override string ToString() => $"transfer to {Target}: {Outcome}";
}
