namespace Graft.Consensus;

/// <summary>A logical clock: at most one leader is elected in each term (thesis §3.3).</summary>
/// <remarks>Zero is the term before the first election; nobody leads in it and no entry carries it.</remarks>
public readonly record struct Term(ulong Value) : IComparable<Term>
{
    /// <summary>The term before the first election.</summary>
    public static Term Zero => default;

    /// <summary>The term of the next election.</summary>
    public Term Next => new(Value + 1);

    public static bool operator <(Term left, Term right) => left.Value < right.Value;

    public static bool operator >(Term left, Term right) => left.Value > right.Value;

    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;

    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;

    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    public override string ToString() => $"t{Value}";
}
