namespace Graft.Consensus;

/// <summary>A read that waits: our own, or one that a follower asked us about.</summary>
/// <param name="Id">The host's name of it; for a follower's, that follower's batch.</param>
/// <param name="Asker">The follower that asked, or null.</param>
/// <param name="AskerIncarnation">Its life.</param>
/// <param name="Level">What it asks for.</param>
/// <param name="Deadline">When it ends without an answer.</param>
/// <param name="Stamp">At a leader the round that will confirm it, at a follower the batch it went with; zero: none yet.</param>
/// <param name="Index">At a leader, once stamped: the read index.</param>
internal readonly record struct PendingRead(
    ReadId Id,
    NodeId? Asker,
    Incarnation AskerIncarnation,
    ReadLevel Level,
    Instant Deadline,
    ulong Stamp,
    LogIndex Index);
