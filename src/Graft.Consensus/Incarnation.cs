namespace Graft.Consensus;

/// <summary>Counts the starts of one node, so that an answer given before a restart isn't taken for one given after it.</summary>
/// <remarks>
/// The host keeps the count on disk and raises it before each start. Zero is "not known yet" in the address of a message
/// and is no incarnation of a running node.
/// </remarks>
/// <param name="Value">From 1; zero if it isn't known.</param>
public readonly record struct Incarnation(uint Value)
{
    /// <summary>Zero: not known yet.</summary>
    public static Incarnation Unknown => default;

    public static bool operator <(Incarnation left, Incarnation right) => left.Value < right.Value;

    public static bool operator >(Incarnation left, Incarnation right) => left.Value > right.Value;

    public static bool operator <=(Incarnation left, Incarnation right) => left.Value <= right.Value;

    public static bool operator >=(Incarnation left, Incarnation right) => left.Value >= right.Value;

    public override string ToString() => $"i{Value}";
}
