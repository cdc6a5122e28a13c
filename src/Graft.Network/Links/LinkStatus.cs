using Graft.Consensus;

namespace Graft.Network;

/// <summary>How a link stands.</summary>
/// <param name="IsConnected">Whether what is sent can arrive.</param>
/// <param name="Since">When that began.</param>
/// <param name="Address">Where it connects to; null while nobody has said.</param>
/// <param name="Incarnation">The life of the peer that answers, or did last.</param>
/// <param name="LastError">Why it isn't connected, or wasn't before; empty if nothing ever failed.</param>
/// <param name="QueuedBytes">Bytes that wait or are being written.</param>
/// <param name="RoundTrip">Of the last ping that was answered on this connection; null before.</param>
/// <param name="Drops">Messages that were dropped since the link began.</param>
/// <param name="ClockOffset">
/// How far the peer's wall clock is ahead of this node's, within half a round trip, by the last ping that was answered on this connection; null
/// before. Negative if it's behind.
/// </param>
public readonly record struct LinkStatus(
    bool IsConnected,
    DateTimeOffset Since,
    NodeAddress? Address,
    Incarnation Incarnation,
    string LastError,
    int QueuedBytes,
    TimeSpan? RoundTrip,
    long Drops,
    TimeSpan? ClockOffset);
