namespace Graft.Server;

/// <summary>What stands behind the results.</summary>
/// <param name="Elapsed">How long it took, if that was asked for.</param>
/// <param name="RaftIndex">Where the log has it, if that was asked for.</param>
/// <param name="Sequence">The number of a queued write.</param>
internal readonly record struct AnswerTail(TimeSpan? Elapsed = null, ulong? RaftIndex = null, long? Sequence = null);
