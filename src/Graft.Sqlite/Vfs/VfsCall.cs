namespace Graft.Sqlite;

/// <summary>A call of SQLite to its files that can fail.</summary>
internal enum VfsCall
{
    Open,
    Read,
    Write,
    Truncate,
    Flush,
}
