namespace Graft.Consensus;

/// <summary>What a message says beside its fields. The values are on the wire.</summary>
[Flags]
public enum MessageFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A vote is granted, an append accepted, a read index given.</summary>
    Granted = 1,

    /// <summary>
    /// The candidate stands because the leader of the term before told it to: voters don't hold their promise to that
    /// leader against it (thesis §3.10), since that leader gave up its lease first. In a TimeoutNow: the leader has left
    /// for good, so the receiver stands with whatever it has.
    /// </summary>
    Transfer = 2,

    /// <summary>The receiver is a witness: the host sends headers and membership, no payloads.</summary>
    HeadersOnly = 4,

    /// <summary>
    /// The range begins below what the core knows the sizes of. The host sends as many entries as fit into
    /// <see cref="Message.Bytes"/> (one at least), and reports how far it went by <see cref="RaftCore.ReportSent"/>.
    /// </summary>
    HostClips = 8,

    /// <summary>The asker takes an answer under the leader's lease.</summary>
    Lease = 16,

    /// <summary>In a Heartbeat: nothing more comes unless something happens. In its reply: the follower rests.</summary>
    Rest = 32,
}
