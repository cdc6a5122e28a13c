namespace Graft.Sqlite;

/// <summary>A text of SQL with what is bound to it. Each statement of the text is run, and each has a result.</summary>
/// <param name="Sql">One statement, several or none.</param>
/// <param name="Parameters">What is bound: named ones are seen by each statement, positional ones are taken in turn.</param>
public sealed record SqlStatement(string Sql, IReadOnlyList<SqlParameter> Parameters)
{
    /// <summary>A text without parameters.</summary>
    /// <param name="sql">The text.</param>
    public SqlStatement(string sql)
        : this(sql, [])
    {
    }
}
