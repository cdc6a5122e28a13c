using System.Globalization;
using Graft.Consensus;

namespace Graft;

/// <summary>How fresh a read has to be.</summary>
public readonly record struct ReadConsistency
{
    private ReadConsistency(ReadConsistencyKind kind, TimeSpan age, LogIndex index) => (Kind, Age, Index) = (kind, age, index);

    /// <summary>It sees every write that was answered before it began, on whatever node. One round of the quorum, shared by all that wait.</summary>
    public static ReadConsistency Linearizable => default;

    /// <summary>The same, as long as clocks run at rates that differ by less than the bound. No round, while the leader's lease lasts.</summary>
    public static ReadConsistency Lease => new(ReadConsistencyKind.Lease, default, default);

    /// <summary>Whatever this node has. No quorum, no wait, no promise.</summary>
    public static ReadConsistency Local => new(ReadConsistencyKind.Local, default, default);

    public ReadConsistencyKind Kind { get; }

    /// <summary>Of a bounded read: how old its state may be.</summary>
    public TimeSpan Age { get; }

    /// <summary>Of a read at least at an index: that.</summary>
    public LogIndex Index { get; }

    /// <summary>It sees every write that was answered longer than <paramref name="age"/> before it began, by this node's clock.</summary>
    public static ReadConsistency Bounded(TimeSpan age)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        return new ReadConsistency(ReadConsistencyKind.Bounded, age, default);
    }

    /// <summary>It sees the entry at <paramref name="index"/> and all before: your own write, if that is its index.</summary>
    public static ReadConsistency AtLeast(LogIndex index) => new(ReadConsistencyKind.AtLeast, default, index);

    public override string ToString() => Kind switch
    {
        ReadConsistencyKind.Bounded => string.Create(CultureInfo.InvariantCulture, $"bounded({Age.TotalMilliseconds:0.###} ms)"),
        ReadConsistencyKind.AtLeast => $"at least({Index})",
        _ => Kind.ToString().ToLowerInvariant(),
    };
}
