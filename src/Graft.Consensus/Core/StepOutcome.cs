namespace Graft.Consensus;

/// <summary>What became of a message. Whatever a peer sends, the answer is one of these and never an exception.</summary>
public enum StepOutcome : byte
{
    /// <summary>It was handled, be it by a refusal in reply.</summary>
    Accepted,

    /// <summary>
    /// It answers an older request, term or round; dropped. This is routine, and no sign of trouble: the grant that comes
    /// after an election is won is one, as is every answer that a newer one has overtaken.
    /// </summary>
    Stale,

    /// <summary>It was written for an earlier start of this node, or comes from an earlier start of its sender; dropped.</summary>
    OtherIncarnation,

    /// <summary>It is of another cluster; dropped.</summary>
    ForeignCluster,

    /// <summary>It is addressed to another node, which lived at this address before; dropped.</summary>
    NotForUs,

    /// <summary>It claims to come from this very node; dropped.</summary>
    FromSelf,

    /// <summary>It asks or answers what only a member does, and the sender is none; dropped.</summary>
    NotMember,

    /// <summary>
    /// Its fields contradict each other, its kind is unknown, or its term lies so far above ours that no cluster can have
    /// come there by elections; dropped.
    /// </summary>
    Malformed,

    /// <summary>It acknowledges or names what this node never sent; dropped.</summary>
    BeyondOurLog,

    /// <summary>
    /// It contradicts an entry that is known to be committed. The sender's history isn't this cluster's; a human has to
    /// look at it. Dropped.
    /// </summary>
    ContradictsCommitted,

    /// <summary>Another node claims to lead our own term. One of the two has voted twice in its life; a human has to look.</summary>
    SecondLeader,

    /// <summary>The peer no longer holds what it acknowledged in this very life: its disk was put back or lied.</summary>
    LostAcknowledged,

    /// <summary>The core stopped after a storage failure.</summary>
    Stopped,
}
