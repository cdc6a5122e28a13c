namespace Graft.Storage;

/// <summary>Why nothing came of a call to a <see cref="SnapshotStore"/> that goes on all the same.</summary>
public enum SnapshotError
{
    /// <summary>No space. What was begun is removed; nothing was published.</summary>
    NoSpace,

    /// <summary>The same snapshot is being written or received already.</summary>
    Busy,

    /// <summary>There's no such snapshot.</summary>
    NotFound,

    /// <summary>It doesn't verify. What was read of it before has to be thrown away.</summary>
    Damaged,

    /// <summary>It is of another cluster.</summary>
    OtherCluster,

    /// <summary>It's in a format that this program doesn't know.</summary>
    UnknownFormat,

    /// <summary>Not everything has been received yet.</summary>
    Incomplete,
}
