namespace Graft.Sqlite;

/// <summary>Statements that only read, run on one node beside the log, all of them on the same snapshot of the database.</summary>
/// <param name="Statements">What to run, in order.</param>
public sealed record SqlQuery(IReadOnlyList<SqlStatement> Statements)
{
    /// <summary>How long it may run, above zero: SQLite is interrupted then.</summary>
    public TimeSpan TimeMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many rows all results together may have, above zero.</summary>
    public int RowsMax { get; init; } = 100_000;

    /// <summary>How long the answer may be, in bytes, at least 256.</summary>
    public int AnswerBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>A parameter that no statement takes is an error.</summary>
    public bool BindStrictly { get; init; }
}
