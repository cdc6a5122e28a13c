namespace Graft;

/// <summary>Why a call was refused. The values are on the wire.</summary>
/// <remarks>
/// By this call nothing happened. Of <see cref="SessionExpired"/> and <see cref="AnswerForgotten"/>, what an earlier call under the same number did isn't known; a
/// transfer that ends with <see cref="TransferFailed"/> or <see cref="Stopping"/> may have been begun.
/// </remarks>
public enum RejectReason : byte
{
    /// <summary>Not refused; or, in an answer, neither refused nor known to be done.</summary>
    None = 0,

    /// <summary>This node doesn't lead, and the call wasn't to be forwarded.</summary>
    NotLeader = 1,

    /// <summary>Nobody was known to lead before the deadline passed.</summary>
    NoLeader = 2,

    /// <summary>The node has as much to do as it takes in; retry after a while.</summary>
    Overloaded = 3,

    /// <summary>The command is larger than the group takes, or the answer than a call carries.</summary>
    TooLarge = 4,

    /// <summary>The disk is full. Reads go on, and writes do once there is space.</summary>
    DiskFull = 5,

    /// <summary>The node is stopping, or has stopped.</summary>
    Stopping = 6,

    /// <summary>Another entry was committed in its place: the leader that took it was deposed before it was replicated.</summary>
    Superseded = 7,

    /// <summary>The session isn't known any more. What was sent in it earlier may or may not have been done.</summary>
    SessionExpired = 8,

    /// <summary>The deadline passed before the command was handed to the log.</summary>
    TimedOut = 9,

    /// <summary>The state machine of this node has stopped, and the call needs it.</summary>
    ApplyHalted = 10,

    /// <summary>Its caller had it fenced off before it was applied.</summary>
    Fenced = 11,

    /// <summary>The group isn't on this node.</summary>
    NoSuchGroup = 12,

    /// <summary>Its number is below what the session remembers. Whether it took effect, and with which answer, nobody knows any more: callers get an <see cref="UnknownOutcomeException"/>.</summary>
    AnswerForgotten = 14,

    /// <summary>The change of members isn't possible; the text says why.</summary>
    MembersRefused = 15,

    /// <summary>Leadership didn't pass to whom it was to; the text says who leads.</summary>
    TransferFailed = 16,

    /// <summary>Whoever answers belongs to another cluster than the one that was meant; the text says to which.</summary>
    OtherCluster = 17,

    /// <summary>This node was removed from the group, and knows it; ask a member.</summary>
    Removed = 18,

    /// <summary>The request makes no sense to this node.</summary>
    Malformed = 13,
}
