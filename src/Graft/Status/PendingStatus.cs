namespace Graft;

/// <summary>Who waits at a group of this node.</summary>
/// <param name="WritesAppended">Writes in this node's log whose fate isn't known yet.</param>
/// <param name="WritesHeld">Writes that wait for somebody to lead.</param>
/// <param name="QueuedBytes">Bytes of commands that aren't in a log yet.</param>
/// <param name="QueuedBytesMax">Where <paramref name="QueuedBytes"/> ends; beyond, commands are refused as overload.</param>
/// <param name="ReadsUnconfirmed">Reads that wait for a quorum's word.</param>
/// <param name="ReadsUnapplied">Reads that wait for an entry to be applied.</param>
public sealed record PendingStatus(
    int WritesAppended, int WritesHeld, long QueuedBytes, long QueuedBytesMax, int ReadsUnconfirmed, int ReadsUnapplied);
