namespace Graft.Cli;

/// <summary>What a word that has begun may become.</summary>
internal static class ShellCompletion
{
    private static readonly string[] Keywords =
    [
        "ALTER", "AND", "AS", "ASC", "BEGIN", "BETWEEN", "BY", "CASE", "CHECK", "COLUMN", "COMMIT", "CREATE", "CROSS", "DEFAULT", "DELETE", "DESC", "DISTINCT",
        "DROP", "ELSE", "END", "EXISTS", "EXPLAIN", "FOREIGN", "FROM", "GROUP", "HAVING", "IN", "INDEX", "INNER", "INSERT", "INTEGER", "INTO", "IS", "JOIN",
        "KEY", "LEFT", "LIKE", "LIMIT", "NOT", "NULL", "OFFSET", "ON", "OR", "ORDER", "PRIMARY", "REFERENCES", "RETURNING", "ROLLBACK", "SELECT", "SET",
        "TABLE", "TEXT", "THEN", "TRIGGER", "UNION", "UNIQUE", "UPDATE", "USING", "VALUES", "VIEW", "WHEN", "WHERE", "WITH",
    ];

    /// <param name="word">What has been typed of it.</param>
    /// <param name="names">Tables and columns that there are.</param>
    /// <returns>In order; keywords in the case of what was typed.</returns>
    internal static string[] For(string word, IEnumerable<string> names)
    {
        if (word.Length == 0)
        {
            return [];
        }

        bool isLower = word.Any(char.IsLower);
        IEnumerable<string> known = word[0] == '.' ? DotCommands.Names : names.Concat(Keywords.Select(keyword => isLower ? keyword.ToLowerInvariant() : keyword));
        return [.. known.Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)];
    }

    /// <summary>The longest beginning that all have.</summary>
    internal static string Common(IReadOnlyList<string> all)
    {
        if (all.Count == 0)
        {
            return "";
        }

        int length = all[0].Length;
        foreach (string other in all)
        {
            int at = 0;
            while (at < length && at < other.Length && char.ToUpperInvariant(other[at]) == char.ToUpperInvariant(all[0][at]))
            {
                at++;
            }

            length = at;
        }

        return all[0][..length];
    }
}
