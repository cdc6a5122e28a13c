namespace Graft;

/// <summary>The levels of <see cref="ReadConsistency"/>. The values are on the wire.</summary>
public enum ReadConsistencyKind : byte
{
    /// <summary><see cref="ReadConsistency.Linearizable"/>: confirmed by a quorum.</summary>
    Linearizable = 0,

    /// <summary><see cref="ReadConsistency.Lease"/>: covered by the leader's lease.</summary>
    Lease = 1,

    /// <summary><see cref="ReadConsistency.Bounded"/>: at most so old.</summary>
    Bounded = 2,

    /// <summary><see cref="ReadConsistency.AtLeast"/>: from an index on.</summary>
    AtLeast = 3,

    /// <summary><see cref="ReadConsistency.Local"/>: whatever is there.</summary>
    Local = 4,
}
