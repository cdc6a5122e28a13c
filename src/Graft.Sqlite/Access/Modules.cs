using System.Text;

namespace Graft.Sqlite;

/// <summary>The modules that a virtual table may be of: what they read is the same on every node.</summary>
internal static class Modules
{
    private static readonly HashSet<string> Allowed = new(StringComparer.OrdinalIgnoreCase)
    {
        "fts3", "fts4", "fts5", "fts4aux", "fts5vocab", "rtree", "rtree_i32", "geopoly", "json_each", "json_tree",
    };

    internal static bool IsAllowed(ReadOnlySpan<byte> name) => Allowed.Contains(Encoding.UTF8.GetString(name));
}
