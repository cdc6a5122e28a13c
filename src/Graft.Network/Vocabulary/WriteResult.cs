using Graft.Consensus;

namespace Graft;

/// <summary>A command that is committed and applied.</summary>
/// <param name="Index">Where it stands in the log: a read <see cref="ReadConsistency.AtLeast(LogIndex)"/> this index sees it.</param>
/// <param name="Answer">What the state machine answered.</param>
public readonly record struct WriteResult(LogIndex Index, ReadOnlyMemory<byte> Answer);
