namespace Graft.Server;

/// <summary>What a text of SQL begins with, behind blanks and comments.</summary>
internal static class FirstWord
{
    private static readonly string[] Reading = ["SELECT", "VALUES", "WITH", "EXPLAIN", "PRAGMA"];

    /// <summary>Whether a text may be one that only reads. A guess: a WITH may write, and so may what stands behind a semicolon.</summary>
    internal static bool MayRead(string sql)
    {
        ReadOnlySpan<char> word = Of(sql);
        foreach (string reading in Reading)
        {
            if (word.Equals(reading, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<char> Of(ReadOnlySpan<char> sql)
    {
        while (true)
        {
            sql = sql.TrimStart(" \t\r\n\f;(");
            if (sql.StartsWith("--", StringComparison.Ordinal))
            {
                int end = sql.IndexOf('\n');
                sql = end < 0 ? default : sql[end..];
            }
            else if (sql.StartsWith("/*", StringComparison.Ordinal))
            {
                int end = sql[2..].IndexOf("*/", StringComparison.Ordinal);
                sql = end < 0 ? default : sql[(end + 4)..];
            }
            else
            {
                int length = 0;
                while (length < sql.Length && char.IsAsciiLetter(sql[length]))
                {
                    length++;
                }

                return sql[..length];
            }
        }
    }
}
