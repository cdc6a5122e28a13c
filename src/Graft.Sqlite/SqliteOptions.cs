namespace Graft.Sqlite;

/// <summary>How a replicated database is kept on this node.</summary>
public sealed record SqliteOptions
{
    /// <summary>Where it lies: a directory of this node alone, on a local disk. Made if it isn't there. Each group has a directory of its own below it.</summary>
    public required string Directory { get; init; }

    /// <summary>A library of SQLite, by path or by a name that the system finds; null for the bundled one. It has to be the same version on every node.</summary>
    public string? Library { get; init; }

    /// <summary>Whether foreign keys are enforced. The same on every node.</summary>
    public bool ForeignKeys { get; init; } = true;

    /// <summary>How many queries may run at once, above zero; the others wait.</summary>
    public int ReadersMax { get; init; } = 16;

    /// <summary>
    /// How large the WAL may become before it's moved into the database, in bytes, above zero. It grows beyond while a query reads an old state; at four times
    /// as much such queries are ended.
    /// </summary>
    public long WalBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>How fast the database is read when nodes compare what they have, in bytes per second, above zero.</summary>
    public long DigestBytesPerSecond { get; init; } = 32 * 1024 * 1024;

    /// <summary>The clock that queries are timed with; null for the machine's.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>Everything runs where it's asked for, on no thread of its own: for a world on one thread. Deep schemas may then exhaust the stack.</summary>
    internal bool Inline { get; init; }
}
