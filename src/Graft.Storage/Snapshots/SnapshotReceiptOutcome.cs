namespace Graft.Storage;

/// <summary>What became of a piece of a snapshot that was handed to a <see cref="SnapshotReceiver"/>.</summary>
public enum SnapshotReceiptOutcome
{
    /// <summary>Taken, all of it. What is complete of it is verified and written.</summary>
    Accepted,

    /// <summary>It doesn't begin where the last piece ended; a duplicate, or one overtook another. Nothing was taken.</summary>
    WrongOffset,

    /// <summary>It goes on behind the announced length. Nothing was taken.</summary>
    BehindEnd,

    /// <summary>The header, chunk or footer that it belongs to doesn't verify. What was verified before it stays, unless it's told otherwise.</summary>
    Damaged,

    /// <summary>It's another cluster's. To go on would bring the same answer.</summary>
    OtherCluster,

    /// <summary>It's in a format that this program doesn't know. To go on would bring the same answer.</summary>
    UnknownFormat,
}
