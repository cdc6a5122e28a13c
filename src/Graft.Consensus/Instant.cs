namespace Graft.Consensus;

/// <summary>A reading of one node's monotonic clock, in units of 100 ns since an origin that only that node knows.</summary>
/// <remarks>
/// The clock has to count suspended time (<c>CLOCK_BOOTTIME</c>), or a lease outlives the promise it rests on.
/// Readings of two nodes can't be compared, and none travels in a message. Sums saturate at <see cref="Never"/>.
/// </remarks>
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>Later than any reading: a deadline that never comes.</summary>
    public static Instant Never => new(long.MaxValue);

    /// <summary>Earlier than any reading: what has never happened.</summary>
    public static Instant DistantPast => new(long.MinValue);

    public static Instant operator +(Instant instant, TimeSpan span)
    {
        Invariant.Check(span >= TimeSpan.Zero);
        return instant.Ticks > long.MaxValue - span.Ticks ? Never : new Instant(instant.Ticks + span.Ticks);
    }

    /// <summary>How long after <paramref name="right"/> this instant lies; saturates instead of overflowing.</summary>
    public static TimeSpan operator -(Instant left, Instant right)
    {
        Int128 difference = (Int128)left.Ticks - right.Ticks;
        return difference > long.MaxValue ? TimeSpan.MaxValue
            : difference < long.MinValue ? TimeSpan.MinValue
            : new TimeSpan((long)difference);
    }

    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;

    /// <summary>The earlier of the two.</summary>
    public static Instant Earlier(Instant left, Instant right) => left < right ? left : right;

    /// <summary>The later of the two.</summary>
    public static Instant Later(Instant left, Instant right) => left > right ? left : right;

    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    public override string ToString() =>
        this == Never ? "never" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Ticks / 10_000.0:0.###} ms");
}
