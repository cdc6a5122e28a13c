using Graft.Consensus;

namespace Graft;

/// <summary>What became of one committed entry.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Refusal">Why its command wasn't carried out; none if it was, now or the first time.</param>
/// <param name="Index">Where the command took effect: earlier than the entry if that was a repetition.</param>
/// <param name="Answer">What the state machine answered.</param>
internal readonly record struct EntryOutcome(EntryId Entry, RejectReason Refusal, LogIndex Index, ReadOnlyMemory<byte> Answer);
