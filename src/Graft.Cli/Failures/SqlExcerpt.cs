using System.Collections.Immutable;

namespace Graft.Cli;

/// <summary>The line of a text of SQL that an error is about, with a mark below the place if the message names a word that is there once.</summary>
internal static class SqlExcerpt
{
    private const string Near = "near \"";
    private const int WidthMax = 72;

    internal static ImmutableArray<string> Of(string sql, string message)
    {
        int at = Find(sql, message);
        if (at < 0)
        {
            string first = sql.Trim();
            int end = first.IndexOf('\n', StringComparison.Ordinal);
            return first.Length == 0 ? [] : [Cut(end < 0 ? first : $"{first[..end].TrimEnd()} ...")];
        }

        int start = sql.LastIndexOf('\n', at) + 1;
        int stop = sql.IndexOf('\n', at);
        string line = (stop < 0 ? sql[start..] : sql[start..stop]).TrimEnd().Replace('\t', ' ');
        int column = at - start;

        // A long line is shown around the place.
        int from = column < WidthMax - 20 ? 0 : column - 20;
        return [Cut(line[from..]), new string(' ', column - from) + "^"];
    }

    private static int Find(string sql, string message)
    {
        int quote = message.IndexOf(Near, StringComparison.Ordinal);
        if (quote < 0 || message.IndexOf('"', quote + Near.Length) is var end && end <= quote + Near.Length)
        {
            return -1;
        }

        string word = message[(quote + Near.Length)..end];
        int first = sql.IndexOf(word, StringComparison.Ordinal);
        return first >= 0 && sql.IndexOf(word, first + 1, StringComparison.Ordinal) < 0 ? first : -1;
    }

    private static string Cut(string line) => line.Length <= WidthMax ? line : $"{line[..(WidthMax - 3)]}...";
}
