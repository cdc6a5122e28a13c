using Graft.Consensus;

namespace Graft.Sqlite;

/// <summary>A request that was replicated and run.</summary>
/// <param name="Answer">What it came to: look at <see cref="SqlAnswer.FirstFailure"/>.</param>
/// <param name="Index">Its place in the log: a read at least as fresh as this sees it.</param>
public sealed record SqlWritten(SqlAnswer Answer, LogIndex Index);
