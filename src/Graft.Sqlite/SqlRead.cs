using Graft.Consensus;

namespace Graft.Sqlite;

/// <summary>A query that was run.</summary>
/// <param name="Answer">What it came to.</param>
/// <param name="Applied">The last entry that its snapshot is known to have.</param>
public sealed record SqlRead(SqlAnswer Answer, LogIndex Applied);
