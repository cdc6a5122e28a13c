using Graft.Consensus;

namespace Graft;

/// <summary>What became of one numbered command.</summary>
/// <param name="Index">Where it was applied; for a fence, where the fence was.</param>
/// <param name="Answer">What the state machine answered.</param>
/// <param name="Fate">Whether there is an answer, and why not.</param>
internal readonly record struct SessionAnswer(LogIndex Index, ReadOnlyMemory<byte> Answer, AnswerFate Fate);
