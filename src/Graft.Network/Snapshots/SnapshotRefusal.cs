namespace Graft.Network;

/// <summary>Why a node doesn't send a snapshot. The values are on the wire.</summary>
public enum SnapshotRefusal : ushort
{
    /// <summary>It wasn't refused.</summary>
    None = 0,

    /// <summary>It has none that ends at this entry (any more): ask the leader for a newer one.</summary>
    NotHere = 1,

    /// <summary>The offset lies behind the end: what was begun is another file.</summary>
    BehindEnd = 2,

    /// <summary>Too many are being sent; try again.</summary>
    Busy = 3,

    /// <summary>It could not be read.</summary>
    Unreadable = 4,
}
