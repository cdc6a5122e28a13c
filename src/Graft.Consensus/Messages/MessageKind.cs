namespace Graft.Consensus;

/// <summary>The messages of the protocol. Those of thesis Figure 3.1 keep their names.</summary>
public enum MessageKind : byte
{
    /// <summary>No message: the default value.</summary>
    None,

    /// <summary>Would you vote for me in the next term? Changes nothing at the receiver (thesis §9.6).</summary>
    PreVote,

    /// <summary>Answers a <see cref="PreVote"/>.</summary>
    PreVoteReply,

    /// <summary>Vote for me in this term (thesis §3.4).</summary>
    RequestVote,

    /// <summary>Answers a <see cref="RequestVote"/>.</summary>
    RequestVoteReply,

    /// <summary>Entries behind one that we share (thesis §3.5).</summary>
    AppendEntries,

    /// <summary>Answers <see cref="AppendEntries"/>: what is durable, or where logs may agree.</summary>
    AppendEntriesReply,

    /// <summary>I still lead. Carries no claim about the log, and so is never an answer to one.</summary>
    Heartbeat,

    /// <summary>Answers a <see cref="Heartbeat"/>.</summary>
    HeartbeatReply,

    /// <summary>You need what I have compacted: fetch this snapshot. The bytes travel elsewhere (thesis §5).</summary>
    InstallSnapshot,

    /// <summary>Answers an <see cref="InstallSnapshot"/>: how far it is.</summary>
    InstallSnapshotReply,

    /// <summary>Stand for election at once (thesis §3.10).</summary>
    TimeoutNow,

    /// <summary>A follower asks up to where a linearizable read has to wait (thesis §6.4).</summary>
    ReadIndex,

    /// <summary>Answers a <see cref="ReadIndex"/>.</summary>
    ReadIndexReply,
}
