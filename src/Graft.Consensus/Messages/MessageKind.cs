namespace Graft.Consensus;

/// <summary>The messages of the protocol. Those of thesis Figure 3.1 keep their names.</summary>
public enum MessageKind : byte
{
    None,

    /// <summary>Would you vote for me in the next term? Changes nothing at the receiver (thesis §9.6).</summary>
    PreVote,
    PreVoteReply,

    RequestVote,
    RequestVoteReply,

    AppendEntries,
    AppendEntriesReply,

    /// <summary>I still lead. Carries no claim about the log, and so is never an answer to one.</summary>
    Heartbeat,
    HeartbeatReply,

    /// <summary>You need what I have compacted: fetch this snapshot. The bytes travel elsewhere (thesis §5).</summary>
    InstallSnapshot,
    InstallSnapshotReply,

    /// <summary>Stand for election at once (thesis §3.10).</summary>
    TimeoutNow,

    /// <summary>A follower asks up to where a linearizable read has to wait (thesis §6.4).</summary>
    ReadIndex,
    ReadIndexReply,
}
