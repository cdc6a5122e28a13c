using System.Text;
using System.Text.Json;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>The rows of a statement as a table, as CSV and in JSON.</summary>
internal static class RowsText
{
    internal static string Table(SqlRows rows, bool hasHeader)
    {
        bool[] isNumber = [.. rows.Columns.Select((_, column) => IsNumber(rows, column))];
        return TextTable.Of([.. rows.Columns.Select(column => column.Name)], isNumber, Cells(rows), hasHeader);
    }

    internal static string Csv(SqlRows rows, bool hasHeader)
    {
        var text = new StringBuilder();
        if (hasHeader)
        {
            text.AppendJoin(',', rows.Columns.Select(column => ValueText.CsvField(column.Name))).Append("\r\n");
        }

        for (int row = 0; row < rows.Count; row++)
        {
            ReadOnlySpan<SqlValue> values = rows[row];
            for (int column = 0; column < values.Length; column++)
            {
                text.Append(column == 0 ? "" : ",").Append(ValueText.ForCsv(values[column]));
            }

            text.Append("\r\n");
        }

        return text.ToString();
    }

    /// <summary>Names, types and rows, into an object that is open.</summary>
    internal static void WriteJson(Utf8JsonWriter json, SqlRows rows)
    {
        json.WriteStartArray("columns");
        foreach (SqlColumn column in rows.Columns)
        {
            json.WriteStringValue(column.Name);
        }

        json.WriteEndArray();
        json.WriteStartArray("types");
        for (int column = 0; column < rows.Columns.Count; column++)
        {
            json.WriteStringValue(TypeOf(rows, column));
        }

        json.WriteEndArray();
        json.WriteStartArray("rows");
        for (int row = 0; row < rows.Count; row++)
        {
            json.WriteStartArray();
            foreach (SqlValue value in rows[row])
            {
                ValueText.WriteJson(json, value);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    // The declared one; of an expression, what its first value is.
    private static string TypeOf(SqlRows rows, int column)
    {
        if (rows.Columns[column].DeclaredType is { Length: > 0 } declared)
        {
            return declared;
        }

        for (int row = 0; row < rows.Count; row++)
        {
            if (rows[row][column] is { IsNull: false } value)
            {
                return value.Kind.ToString().ToUpperInvariant();
            }
        }

        return "";
    }

    private static bool IsNumber(SqlRows rows, int column)
    {
        bool isNumber = false;
        for (int row = 0; row < rows.Count; row++)
        {
            SqlValueKind kind = rows[row][column].Kind;
            if (kind is SqlValueKind.Text or SqlValueKind.Blob)
            {
                return false;
            }

            isNumber |= kind != SqlValueKind.Null;
        }

        return isNumber;
    }

    private static IEnumerable<IReadOnlyList<string>> Cells(SqlRows rows)
    {
        for (int row = 0; row < rows.Count; row++)
        {
            string[] cells = new string[rows.Columns.Count];
            for (int column = 0; column < cells.Length; column++)
            {
                cells[column] = ValueText.ForPeople(rows[row][column]);
            }

            yield return cells;
        }
    }
}
