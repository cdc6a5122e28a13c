using System.Text;
using System.Text.Json;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>Rows as the shell prints them, in each of its modes.</summary>
internal static class ShellText
{
    internal static string Of(SqlRows rows, ShellSettings settings) => settings.Mode switch
    {
        ShellMode.Csv => RowsText.Csv(rows, settings.HasHeaders),
        ShellMode.Json => Json(rows),
        ShellMode.Jsonl => string.Concat(Each(rows).Select(row => JsonText.Of(json => WriteObject(json, rows, row)))),
        ShellMode.Line => Lines(rows, settings),
        ShellMode.Markdown => Grid(rows, settings, isMarkdown: true),
        ShellMode.Insert => string.Concat(Each(rows).Select(row => $"INSERT INTO {Table(rows)} VALUES({string.Join(',', row.Select(value => value.ToString()))});\n")),
        ShellMode.Box => Grid(rows, settings, isMarkdown: false),
        _ => RowsText.Table(rows, settings.HasHeaders),
    };

    private static string Grid(SqlRows rows, ShellSettings settings, bool isMarkdown)
    {
        string[] header = [.. rows.Columns.Select(column => Cell(column.Name, isMarkdown))];
        string[][] cells = [.. Each(rows).Select(row => row.Select(value => Cell(Text(value, settings), isMarkdown)).ToArray())];
        bool[] isNumber =
        [
            .. header.Select((_, at) => cells.Length > 0 && Each(rows).All(row => row[at].Kind is SqlValueKind.Integer or SqlValueKind.Real or SqlValueKind.Null)),
        ];
        int[] widths = [.. header.Select((name, at) => cells.Select(row => CellWidth.Of(row[at])).Append(CellWidth.Of(name)).Append(3).Max())];
        var text = new StringBuilder();
        string rule = $"+{string.Concat(widths.Select(width => $"{new string('-', width + 2)}+"))}\n";
        text.Append(isMarkdown ? "" : rule);
        if (settings.HasHeaders || isMarkdown)
        {
            Row(text, header, widths, new bool[widths.Length]);
            text.Append(isMarkdown ? $"|{string.Concat(widths.Select((width, at) => $" {new string('-', width - 1)}{(isNumber[at] ? ':' : '-')} |"))}\n" : rule);
        }

        foreach (string[] row in cells)
        {
            Row(text, row, widths, isNumber);
        }

        return text.Append(isMarkdown ? "" : rule).ToString();
    }

    private static void Row(StringBuilder text, string[] cells, int[] widths, bool[] isNumber)
    {
        for (int at = 0; at < cells.Length; at++)
        {
            string pad = new(' ', widths[at] - CellWidth.Of(cells[at]));
            text.Append("| ").Append(isNumber[at] ? pad : "").Append(cells[at]).Append(isNumber[at] ? "" : pad).Append(' ');
        }

        text.Append("|\n");
    }

    private static string Lines(SqlRows rows, ShellSettings settings)
    {
        int width = rows.Columns.Max(column => CellWidth.Of(column.Name));
        IEnumerable<string> blocks = Each(rows).Select(row =>
            string.Concat(row.Select((value, at) => $"{new string(' ', width - CellWidth.Of(rows.Columns[at].Name))}{rows.Columns[at].Name} = {TextTable.Clean(Text(value, settings))}\n")));
        return string.Join('\n', blocks);
    }

    private static string Json(SqlRows rows) => JsonText.Of(json =>
    {
        json.WriteStartArray();
        foreach (SqlValue[] row in Each(rows))
        {
            WriteObject(json, rows, row);
        }

        json.WriteEndArray();
    });

    private static void WriteObject(Utf8JsonWriter json, SqlRows rows, SqlValue[] row)
    {
        json.WriteStartObject();
        for (int at = 0; at < row.Length; at++)
        {
            json.WritePropertyName(rows.Columns[at].Name);
            ValueText.WriteJson(json, row[at]);
        }

        json.WriteEndObject();
    }

    private static string Cell(string text, bool isMarkdown) => isMarkdown ? TextTable.Clean(text).Replace("|", "\\|", StringComparison.Ordinal) : TextTable.Clean(text);

    private static string Text(SqlValue value, ShellSettings settings) => value.IsNull ? settings.NullText : ValueText.ForPeople(value);

    private static string Table(SqlRows rows) => rows.Columns.Select(column => column.Table).FirstOrDefault(name => name.Length > 0) is { } name
        ? $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : "\"table\"";

    private static IEnumerable<SqlValue[]> Each(SqlRows rows) => Enumerable.Range(0, rows.Count).Select(row => rows[row].ToArray());
}
