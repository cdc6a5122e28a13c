namespace Graft.Consensus;

/// <summary>How the leader sends to one follower.</summary>
public enum ProgressState : byte
{
    /// <summary>Where the logs agree isn't known: one append at a time, the next only after an answer to anything.</summary>
    Probe,

    /// <summary>They agree: appends are pipelined within the window.</summary>
    Replicate,

    /// <summary>It needs entries that are compacted: a snapshot is offered and no append is sent.</summary>
    Snapshot,

    /// <summary>
    /// It refused what it had acknowledged in the same life. It counts in no commit any more and is left alone until it
    /// shows a new incarnation.
    /// </summary>
    Suspect,

    /// <summary>
    /// Its log is of the other <see cref="LogKind"/>: it was a witness and is a full member now, or the other way round. It
    /// counts in no commit, is never promoted, and is left alone until it shows a new incarnation. It needs a new id and an
    /// empty disk.
    /// </summary>
    Unfit,
}
