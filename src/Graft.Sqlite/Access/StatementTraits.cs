namespace Graft.Sqlite;

/// <summary>What the authorizer has seen a statement do.</summary>
[Flags]
internal enum StatementTraits
{
    None = 0,

    /// <summary>It changes the schema: what is remembered of it is out of date.</summary>
    ChangesSchema = 1,

    /// <summary>It renames or changes a table: a name of ours may have been taken.</summary>
    Alters = 2,

    /// <summary>It writes statistics, which SQLite plans by.</summary>
    WritesStatistics = 4,

    /// <summary>It touches a virtual table, whose inner statements take steps that differ between nodes.</summary>
    TouchesVirtual = 8,

    /// <summary>It is <c>BEGIN</c>.</summary>
    Begins = 16,

    /// <summary>It is <c>COMMIT</c> or <c>END</c>.</summary>
    Commits = 32,

    /// <summary>It is <c>ROLLBACK</c>.</summary>
    RollsBack = 64,

    /// <summary>It is an <c>INSERT</c>, <c>UPDATE</c> or <c>DELETE</c>, or does such things besides.</summary>
    ChangesRows = 128,

    /// <summary>It is a pragma.</summary>
    Pragma = 256,

    /// <summary>It inserts into a virtual table itself, and not by a trigger.</summary>
    InsertsVirtual = 512,

    /// <summary>It counts rows for statistics.</summary>
    Analyzes = 1024,

    /// <summary>It's one of the three that end or begin a transaction.</summary>
    Transaction = Begins | Commits | RollsBack,
}
