namespace Graft.Sqlite;

/// <summary>The few questions to a text of SQL that are asked before SQLite sees it.</summary>
internal static class SqlText
{
    private const string Blanks = " \t\n\f\r";

    /// <summary>Whether the text is the one statement <c>VACUUM</c>, with comments, blanks and semicolons around it.</summary>
    internal static bool IsVacuum(ReadOnlySpan<char> sql)
    {
        const string Vacuum = "VACUUM";
        ReadOnlySpan<char> rest = SkipBlanks(sql);
        return rest.StartsWith(Vacuum, StringComparison.OrdinalIgnoreCase) && SkipBlanks(rest[Vacuum.Length..]).IsEmpty;
    }

    /// <summary>Whether the word <c>ROLLBACK</c> is in the text, in any case, also where it's a literal or a name.</summary>
    internal static bool HoldsRollback(ReadOnlySpan<byte> sql)
    {
        // K is rarer than the other letters of the word.
        const int KAt = 7;
        int from = 0;
        while (true)
        {
            int next = sql[from..].IndexOfAny((byte)'k', (byte)'K');
            if (next < 0)
            {
                return false;
            }

            int start = from + next - KAt;
            from += next + 1;
            if (start >= 0 && System.Text.Ascii.EqualsIgnoreCase(sql.Slice(start, KAt), "ROLLBAC"u8)
                && !IsWord(sql, start - 1) && !IsWord(sql, from))
            {
                return true;
            }
        }
    }

    private static bool IsWord(ReadOnlySpan<byte> sql, int at) =>
        at >= 0 && at < sql.Length && (char.IsAsciiLetterOrDigit((char)sql[at]) || sql[at] is (byte)'_' or (byte)'$' or >= 0x80);

    private static ReadOnlySpan<char> SkipBlanks(ReadOnlySpan<char> sql)
    {
        while (true)
        {
            sql = sql.TrimStart(Blanks);
            if (sql is ['-', '-', ..])
            {
                int end = sql.IndexOf('\n');
                sql = end < 0 ? default : sql[(end + 1)..];
            }
            else if (sql is ['/', '*', .. ReadOnlySpan<char> comment])
            {
                // An open comment reaches to the end of the text, as in SQLite.
                int end = comment.IndexOf("*/", StringComparison.Ordinal);
                sql = end < 0 ? default : comment[(end + 2)..];
            }
            else if (sql is [';', ..])
            {
                sql = sql[1..];
            }
            else
            {
                return sql;
            }
        }
    }
}
