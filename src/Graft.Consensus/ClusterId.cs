namespace Graft.Consensus;

/// <summary>Which cluster a node, a file or a message belongs to. All groups of a node are of one cluster.</summary>
/// <remarks>Two clusters that number their nodes alike must never exchange a vote: a mismatch is refused.</remarks>
/// <param name="Value">Drawn when the cluster is founded; zero where none is known.</param>
public readonly record struct ClusterId(ulong Value)
{
    public override string ToString() => $"c{Value:x}";
}
