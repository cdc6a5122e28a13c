namespace Graft.Sqlite;

/// <summary>What is the same for every database: part of what nodes have to agree on before they apply the same statements.</summary>
internal static class FixedSettings
{
    /// <summary>A longer text or blob is SQLite's error <c>string or blob too big</c>.</summary>
    internal const int ValueBytesMax = 64 * 1024 * 1024;

    /// <summary>SQL text of one request.</summary>
    internal const int SqlBytesMax = 1024 * 1024;

    /// <summary>Behind so many views one that selects from the one before takes seconds to compile.</summary>
    internal const int ViewsMax = 1_000;

    /// <summary>Tables and triggers: each may cascade into the next, by recursion.</summary>
    internal const int TablesAndTriggersMax = 10_000;

    internal const int PageSize = 4096;

    /// <summary>For both kinds of connection. What can only be said of a new database comes first.</summary>
    internal const string Pragmas =
        "PRAGMA page_size=4096; PRAGMA encoding='UTF-8'; PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=0;"
        + " PRAGMA temp_store=FILE; PRAGMA cache_size=-16384; PRAGMA recursive_triggers=OFF; PRAGMA trusted_schema=OFF; PRAGMA case_sensitive_like=OFF;"
        + " PRAGMA cell_size_check=ON;";

    /// <summary>SQLite's limits, by its numbers.</summary>
    internal static readonly (int Limit, int Value)[] Limits =
    [
        (0, ValueBytesMax),
        (1, SqlBytesMax),
        (2, 2_000),
        (3, 1_000),
        (4, 500),
        (6, 127),
        (7, 1),
        (8, 50_000),
        (9, 32_766),
        (10, 1_000),
        (11, 0),
    ];
}
