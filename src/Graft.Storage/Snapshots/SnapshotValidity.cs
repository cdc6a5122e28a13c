namespace Graft.Storage;

/// <summary>What became of the verification of a snapshot file.</summary>
public enum SnapshotValidity
{
    /// <summary>Every byte is what its writer wrote.</summary>
    Valid,

    /// <summary>It isn't what its writer wrote, or its writer never came to the end, or it's in another's place.</summary>
    Damaged,

    /// <summary>It's whole, as far as was read, and of another cluster.</summary>
    OtherCluster,

    /// <summary>Its header is whole and names a format that this program doesn't know.</summary>
    UnknownFormat,
}
