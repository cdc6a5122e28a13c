namespace Graft.Sqlite;

/// <summary>A prepared statement that is the only one of its text.</summary>
/// <param name="Sql">The text.</param>
/// <param name="Statement">The statement.</param>
/// <param name="Traits">What the authorizer saw when it was prepared.</param>
internal sealed record CachedStatement(byte[] Sql, SqliteStatement Statement, StatementTraits Traits);
