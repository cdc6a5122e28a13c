using Graft.Consensus;

namespace Graft;

/// <summary>A read that was served.</summary>
/// <param name="Applied">The last entry that the state had applied.</param>
/// <param name="Level">The consistency that it really had: never less than was asked for.</param>
/// <param name="Answer">What the state machine answered.</param>
public readonly record struct QueryResult(LogIndex Applied, ReadConsistencyKind Level, ReadOnlyMemory<byte> Answer);
