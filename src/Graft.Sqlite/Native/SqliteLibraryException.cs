namespace Graft.Sqlite;

/// <summary>A library of SQLite can't be used. The message says which, why, and what to do.</summary>
/// <param name="message">What is wrong.</param>
public sealed class SqliteLibraryException(string message) : Exception(message);
