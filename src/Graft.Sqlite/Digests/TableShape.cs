using System.Text;

namespace Graft.Sqlite;

/// <summary>What has to be known of a table to read all of it.</summary>
internal static class TableShape
{
    private static readonly string[] RowIdNames = ["rowid", "_rowid_", "oid"];

    /// <summary>A name by which the rowid can be read; null if there's no rowid, or columns have all of its names.</summary>
    internal static string? RowIdOf(SqliteConnection connection, string table)
    {
        // The index behind a primary key without rowid is the table itself, and has no row of its own.
        bool hasRowId = connection.Scalar(
            $"SELECT 1 FROM pragma_index_list({Literal(table)}) AS i WHERE i.origin='pk' AND NOT EXISTS (SELECT 1 FROM sqlite_master AS m WHERE m.type='index' AND m.name=i.name)") is null;
        List<string> names = Column(connection, $"SELECT name FROM pragma_table_xinfo({Literal(table)})");
        return hasRowId ? RowIdNames.FirstOrDefault(name => !names.Contains(name, StringComparer.OrdinalIgnoreCase)) : null;
    }

    /// <summary>The columns that are stored.</summary>
    internal static List<string> StoredColumns(SqliteConnection connection, string table) =>
        Column(connection, $"SELECT name FROM pragma_table_xinfo({Literal(table)}) WHERE hidden IN (0, 3)");

    /// <summary>The first column of all rows.</summary>
    internal static List<string> Column(SqliteConnection connection, string sql)
    {
        var values = new List<string>();
        using SqliteStatement statement = connection.Prepare(sql);
        while (statement.StepOrThrow())
        {
            values.Add(Encoding.UTF8.GetString(statement.Bytes(0)));
        }

        return values;
    }

    internal static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
