using System.Text;

namespace Graft.Cli;

/// <summary>Columns of text with two spaces between them, the header in capitals, numbers to the right. The same on a terminal and in a pipe.</summary>
internal static class TextTable
{
    /// <param name="header">The columns; a name that begins with <c>&gt;</c> is of numbers.</param>
    /// <param name="rows">As many cells each.</param>
    internal static string Of(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        bool[] isNumber = [.. header.Select(name => name.StartsWith('>'))];
        return Of([.. header.Select(name => name.TrimStart('>'))], isNumber, rows, hasHeader: true);
    }

    internal static string Of(IReadOnlyList<string> header, bool[] isNumber, IEnumerable<IReadOnlyList<string>> rows, bool hasHeader)
    {
        List<IReadOnlyList<string>> all = [.. rows.Select(row => (IReadOnlyList<string>)[.. row.Select(Clean)])];
        if (hasHeader)
        {
            all.Insert(0, [.. header.Select(name => Clean(name).ToUpperInvariant())]);
        }

        int[] widths = [.. header.Select((_, column) => all.Max(row => (int?)CellWidth.Of(row[column])) ?? 0)];
        var text = new StringBuilder();
        foreach (IReadOnlyList<string> row in all)
        {
            int start = text.Length;
            for (int column = 0; column < row.Count; column++)
            {
                int pad = widths[column] - CellWidth.Of(row[column]);
                text.Append(column == 0 ? "" : "  ");
                text.Append(' ', isNumber[column] ? pad : 0).Append(row[column]).Append(' ', isNumber[column] ? 0 : pad);
            }

            int end = text.Length;
            while (end > start && text[end - 1] == ' ')
            {
                end--;
            }

            text.Length = end;
            text.Append('\n');
        }

        return text.ToString();
    }

    // A cell is one line, and nothing in it speaks to the terminal.
    internal static string Clean(string cell)
    {
        if (!cell.Any(char.IsControl))
        {
            return cell;
        }

        var clean = new StringBuilder();
        foreach (char each in cell)
        {
            clean.Append(each switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(each) => $"\\x{(int)each:x2}",
                _ => each.ToString(),
            });
        }

        return clean.ToString();
    }
}
