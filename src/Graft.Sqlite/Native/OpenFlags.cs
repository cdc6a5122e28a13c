namespace Graft.Sqlite;

/// <summary>Flags of <c>sqlite3_open_v2</c>.</summary>
[Flags]
internal enum OpenFlags
{
    None = 0,
    ReadOnly = 0x1,
    ReadWrite = 0x2,
    Create = 0x4,

    /// <summary>No lock of SQLite's own: one thread at a time has the connection, by the shape of this code.</summary>
    NoMutex = 0x8000,
}
