namespace Graft.Sqlite;

/// <summary>SQLite's storage classes, and the blob of zeros that takes no bytes until it is stored.</summary>
public enum SqlValueKind : byte
{
    /// <summary>NULL.</summary>
    Null = 0,

    /// <summary>A signed integer of 64 bits.</summary>
    Integer = 1,

    /// <summary>A double. SQLite stores a NaN as NULL.</summary>
    Real = 2,

    /// <summary>Text: UTF-8, and any other bytes that a client chose to send as text.</summary>
    Text = 3,

    /// <summary>Bytes.</summary>
    Blob = 4,

    /// <summary>A blob of zeros, in parameters only.</summary>
    Zeros = 5,
}
