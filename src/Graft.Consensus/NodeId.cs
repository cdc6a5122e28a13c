namespace Graft.Consensus;

/// <summary>The identity that a data directory is born with. Addresses and names are attributes, never identity.</summary>
/// <remarks>
/// Every value is an ordinary id, zero included. "Nobody" is <c>NodeId?</c> without a value: a library that kept zero for
/// it let the node with id zero be voted for twice.
/// </remarks>
/// <param name="Value">Drawn at random where a directory is born.</param>
public readonly record struct NodeId(ulong Value) : IComparable<NodeId>
{
    public static bool operator <(NodeId left, NodeId right) => left.Value < right.Value;

    public static bool operator >(NodeId left, NodeId right) => left.Value > right.Value;

    public static bool operator <=(NodeId left, NodeId right) => left.Value <= right.Value;

    public static bool operator >=(NodeId left, NodeId right) => left.Value >= right.Value;

    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    public override string ToString() => $"n{Value}";
}
