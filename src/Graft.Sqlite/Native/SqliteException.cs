namespace Graft.Sqlite;

/// <summary>SQLite has refused a call.</summary>
/// <param name="code">The extended result code.</param>
/// <param name="message">SQLite's own message.</param>
internal sealed class SqliteException(int code, string message) : Exception(message)
{
    /// <summary>The extended result code.</summary>
    internal int Code { get; } = code;
}
