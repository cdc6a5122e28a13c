namespace Graft.Consensus;

/// <summary>Which cluster (and, where a node hosts many, which group) a message belongs to.</summary>
/// <remarks>Two clusters that number their nodes alike must never exchange a vote: a mismatch is refused.</remarks>
public readonly record struct ClusterId(ulong Value)
{
    public override string ToString() => $"c{Value:x}";
}
