using System.Text;

namespace Graft.Sqlite;

/// <summary>The modules that a virtual table may be of: what they read is the same on every node.</summary>
internal static class Modules
{
    private static readonly HashSet<string> Allowed = new(StringComparer.OrdinalIgnoreCase)
    {
        "fts3", "fts4", "fts5", "fts4aux", "fts5vocab", "rtree", "rtree_i32", "geopoly", "json_each", "json_tree",
    };

    private static readonly string[] OfFullText5 = ["data", "idx", "content", "docsize", "config"];
    private static readonly string[] OfFullText = ["content", "segments", "segdir", "docsize", "stat"];

    /// <summary>What the names of the tables end with in which a full-text index keeps what it has, behind an underscore.</summary>
    /// <remarks>None for an r-tree: it prepares its writes to them when it's connected, which may be within a client's statement.</remarks>
    /// <param name="sql">The SQL that made it, as the schema has it.</param>
    internal static IReadOnlyList<string> ShadowsOf(string sql) =>
        sql.Contains("fts5", StringComparison.OrdinalIgnoreCase) && !sql.Contains("fts5vocab", StringComparison.OrdinalIgnoreCase) ? OfFullText5
        : sql.Contains("fts", StringComparison.OrdinalIgnoreCase) ? OfFullText
        : [];

    internal static bool IsAllowed(ReadOnlySpan<byte> name) => Allowed.Contains(Encoding.UTF8.GetString(name));
}
