namespace Graft.Consensus;

/// <summary>One Raft group among the many that a node may host. They share its log, its connections and its clock.</summary>
/// <param name="Value">The application's choice, the same on every node.</param>
public readonly record struct GroupId(ulong Value) : IComparable<GroupId>
{
    public static bool operator <(GroupId left, GroupId right) => left.Value < right.Value;

    public static bool operator >(GroupId left, GroupId right) => left.Value > right.Value;

    public static bool operator <=(GroupId left, GroupId right) => left.Value <= right.Value;

    public static bool operator >=(GroupId left, GroupId right) => left.Value >= right.Value;

    public int CompareTo(GroupId other) => Value.CompareTo(other.Value);

    public override string ToString() => $"g{Value}";
}
