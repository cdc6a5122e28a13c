using Graft.Sqlite;

namespace Graft.Server;

/// <summary>What holds for all rows of a result: names, types, and how values are written.</summary>
internal sealed class RowShape
{
    private readonly Typing _typing;

    private RowShape(string[] names, string[] types, ColumnKind[] kinds, Typing typing) => (Names, Types, Kinds, _typing) = (names, types, kinds, typing);

    internal string[] Names { get; }

    internal string[] Types { get; }

    internal ColumnKind[] Kinds { get; }

    /// <summary>Columns in the order of their names, as a map of Go's is written. Of two with one name the later counts.</summary>
    internal IEnumerable<int> ByName => Enumerable.Range(0, Names.Length)
        .GroupBy(column => Names[column], StringComparer.Ordinal)
        .Select(static same => same.Last())
        .OrderBy(column => Names[column], StringComparer.Ordinal);

    internal static RowShape Of(SqlRows rows, AnswerForm form)
    {
        int count = rows.Columns.Count;
        (string[] names, string[] types, ColumnKind[] kinds) = (new string[count], new string[count], new ColumnKind[count]);
        for (int i = 0; i < count; i++)
        {
            SqlColumn column = rows.Columns[i];
            names[i] = form.IsQualified && column.Table.Length > 0 ? $"{column.Table}.{column.Name}" : column.Name;
            types[i] = ValueWriter.TypeOf(column, rows.Count > 0 ? rows[0][i] : SqlValue.Null);
            kinds[i] = ValueWriter.KindOf(column);
        }

        return new RowShape(names, types, kinds, form.Typing);
    }

    /// <summary>Names and types, as two members of an object.</summary>
    internal void WriteHead(GoJson json)
    {
        WriteTexts(json, "columns", Names);
        WriteTexts(json, "types", Types);
    }

    /// <summary>A row as an array.</summary>
    internal void WriteRow(GoJson json, ReadOnlySpan<SqlValue> row)
    {
        json.BeginArray();
        for (int i = 0; i < row.Length; i++)
        {
            ValueWriter.Write(json, row[i], Kinds[i], _typing);
        }

        json.EndArray();
    }

    private static void WriteTexts(GoJson json, string name, string[] texts)
    {
        json.Name(name);
        json.BeginArray();
        foreach (string text in texts)
        {
            json.Text(text);
        }

        json.EndArray();
    }
}
