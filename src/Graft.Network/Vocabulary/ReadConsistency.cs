using System.Globalization;
using Graft.Consensus;

namespace Graft;

/// <summary>How fresh a read has to be; <see cref="Linearizable"/> if nothing is said (thesis §6.4).</summary>
public readonly record struct ReadConsistency
{
    private ReadConsistency(ReadConsistencyKind kind, TimeSpan age, LogIndex index) => (Kind, Age, Index) = (kind, age, index);

    /// <summary>It sees every write that was answered before it began, on whatever node. One round of the quorum, shared by all that wait (thesis §6.4).</summary>
    public static ReadConsistency Linearizable => default;

    /// <summary>The same, as long as clocks run at rates that differ by less than the bound. No round, while the leader's lease lasts (thesis §6.4.1).</summary>
    public static ReadConsistency Lease => new(ReadConsistencyKind.Lease, default, default);

    /// <summary>Whatever this node has. No quorum, no wait, no promise.</summary>
    public static ReadConsistency Local => new(ReadConsistencyKind.Local, default, default);

    /// <summary>Which of the levels it is.</summary>
    public ReadConsistencyKind Kind { get; }

    /// <summary>Of a bounded read: how old its state may be. Zero of another.</summary>
    public TimeSpan Age { get; }

    /// <summary>Of a read at least at an index: that. Zero of another.</summary>
    public LogIndex Index { get; }

    /// <summary>It sees every write that was answered longer than <paramref name="age"/> before it began, by this node's clock. A quorum is asked only if this node's last confirmation is older.</summary>
    /// <param name="age">Zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">It's below zero.</exception>
    public static ReadConsistency Bounded(TimeSpan age)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        return new ReadConsistency(ReadConsistencyKind.Bounded, age, default);
    }

    /// <summary>It sees the entry at <paramref name="index"/> and all before: your own write, if that is its index. No quorum; it waits until this node has applied so much.</summary>
    public static ReadConsistency AtLeast(LogIndex index) => new(ReadConsistencyKind.AtLeast, default, index);

    public override string ToString() => Kind switch
    {
        ReadConsistencyKind.Bounded => string.Create(CultureInfo.InvariantCulture, $"bounded({Age.TotalMilliseconds:0.###} ms)"),
        ReadConsistencyKind.AtLeast => $"at least({Index})",
        _ => Kind.ToString().ToLowerInvariant(),
    };
}
