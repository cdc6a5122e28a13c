namespace Graft.Storage;

/// <summary>What became of a write that was to be staged.</summary>
public enum StageOutcome
{
    /// <summary>All of it is in the batch.</summary>
    Staged,

    /// <summary>The batch is full. Write and flush it, then stage the same write again: it goes on where it stopped.</summary>
    BatchFull,

    /// <summary>
    /// There is no room for another segment, and what is held back is for votes, terms and configurations. Nothing of the
    /// write was taken, or a prefix of its entries; stage it again when space has been freed.
    /// </summary>
    NoSpace,
}
