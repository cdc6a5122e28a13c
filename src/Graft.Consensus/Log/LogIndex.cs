namespace Graft.Consensus;

/// <summary>The place of an entry in the log, counted from 1 (thesis §3.5). Zero lies before the first entry.</summary>
public readonly record struct LogIndex(ulong Value) : IComparable<LogIndex>
{
    /// <summary>The place before the first entry.</summary>
    public static LogIndex Zero => default;

    /// <summary>The index behind this one.</summary>
    public LogIndex Next => new(Value + 1);

    /// <summary>The index before this one. Zero has none: asking for it overflows, and so throws.</summary>
    public LogIndex Previous => new(Value - 1);

    public static LogIndex operator +(LogIndex index, ulong count) => new(index.Value + count);

    /// <summary>How many entries lie in (<paramref name="right"/>, <paramref name="left"/>].</summary>
    public static ulong operator -(LogIndex left, LogIndex right) => left.Value - right.Value;

    public static bool operator <(LogIndex left, LogIndex right) => left.Value < right.Value;

    public static bool operator >(LogIndex left, LogIndex right) => left.Value > right.Value;

    public static bool operator <=(LogIndex left, LogIndex right) => left.Value <= right.Value;

    public static bool operator >=(LogIndex left, LogIndex right) => left.Value >= right.Value;

    /// <summary>The lower of the two.</summary>
    public static LogIndex Min(LogIndex left, LogIndex right) => left < right ? left : right;

    /// <summary>The higher of the two.</summary>
    public static LogIndex Max(LogIndex left, LogIndex right) => left > right ? left : right;

    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
