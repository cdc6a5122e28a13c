namespace Graft.Cli;

/// <summary>Where the statements of a text end, as SQLite sees it: at a semicolon that is in no literal, name or comment, and not within a trigger.</summary>
internal static class SqlScript
{
    /// <summary>Takes the first whole statement off a text.</summary>
    /// <param name="text">What has been typed or piped so far.</param>
    /// <param name="statement">The statement, with its semicolon.</param>
    /// <param name="rest">What follows it.</param>
    /// <returns>False if none has ended yet.</returns>
    internal static bool TryTake(string text, out string statement, out string rest)
    {
        var words = new List<string>();
        string last = "";
        string beforeLast = "";
        int at = 0;
        while (at < text.Length)
        {
            int next = Skip(text, at, out string token);
            at = next;
            if (token.Length == 0)
            {
                continue;
            }

            if (token == ";" && (!IsTrigger(words) || (last == "END" && beforeLast == ";")))
            {
                (statement, rest) = (text[..at], text[at..]);
                return true;
            }

            if (words.Count < 4 && token != ";")
            {
                words.Add(token);
            }

            (beforeLast, last) = (last, token);
        }

        (statement, rest) = ("", text);
        return false;
    }

    /// <summary>Whether there is nothing in a text but blanks, comments and semicolons.</summary>
    internal static bool IsEmpty(string text) => FirstWord(text).Length == 0;

    /// <summary>The first word or sign of a text, in capitals; empty if there is none.</summary>
    internal static string FirstWord(string text)
    {
        int at = 0;
        while (at < text.Length)
        {
            at = Skip(text, at, out string token);
            if (token.Length > 0 && token != ";")
            {
                return token;
            }
        }

        return "";
    }

    /// <summary>Whether the text changes every row of a table: <c>DELETE</c> or <c>UPDATE</c> without a <c>WHERE</c>.</summary>
    internal static bool ChangesEverything(string text)
    {
        bool isBroad = FirstWord(text) is "DELETE" or "UPDATE";
        int at = 0;
        while (isBroad && at < text.Length)
        {
            at = Skip(text, at, out string token);
            isBroad = token is not ("WHERE" or "LIMIT");
        }

        return isBroad;
    }

    private static bool IsTrigger(List<string> words)
    {
        int at = words is ["EXPLAIN", ..] ? 1 : 0;
        return words.Count > at + 1 && words[at] == "CREATE"
            && (words[at + 1] == "TRIGGER" || (words[at + 1] is "TEMP" or "TEMPORARY" && words.Count > at + 2 && words[at + 2] == "TRIGGER"));
    }

    // Passes over one token; what stands for nothing (blanks, comments) is an empty one, and a literal is a quote.
    private static int Skip(string text, int at, out string token)
    {
        token = "";
        char first = text[at];
        switch (first)
        {
            case '\'' or '"' or '`' or '[':
                token = "'";
                int close = text.IndexOf(first == '[' ? ']' : first, at + 1);
                return close < 0 ? text.Length : close + 1;
            case '-' when text.AsSpan(at).StartsWith("--", StringComparison.Ordinal):
                int line = text.IndexOf('\n', at);
                return line < 0 ? text.Length : line + 1;
            case '/' when text.AsSpan(at).StartsWith("/*", StringComparison.Ordinal):
                int end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
                return end < 0 ? text.Length : end + 2;
            case var _ when char.IsWhiteSpace(first):
                return at + 1;
            case var _ when char.IsLetter(first) || first == '_':
                int stop = at;
                while (stop < text.Length && (char.IsLetterOrDigit(text[stop]) || text[stop] is '_' or '$'))
                {
                    stop++;
                }

                token = text[at..stop].ToUpperInvariant();
                return stop;
            default:
                token = first.ToString();
                return at + 1;
        }
    }
}
