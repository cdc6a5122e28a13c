namespace Graft;

/// <summary>The levels of <see cref="ReadConsistency"/>. The values are on the wire.</summary>
public enum ReadConsistencyKind : byte
{
    Linearizable = 0,
    Lease = 1,
    Bounded = 2,
    AtLeast = 3,
    Local = 4,
}
