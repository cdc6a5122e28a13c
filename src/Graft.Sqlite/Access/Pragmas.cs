using System.Text;

namespace Graft.Sqlite;

/// <summary>The pragmas that clients may use. Everything else is fixed, or concerns one node.</summary>
internal static class Pragmas
{
    private static readonly HashSet<string> InWrites = new(StringComparer.OrdinalIgnoreCase)
    {
        "user_version", "application_id", "defer_foreign_keys", "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
        "foreign_key_list", "foreign_key_check",
    };

    private static readonly HashSet<string> InReads = new(InWrites, StringComparer.OrdinalIgnoreCase)
    {
        "page_count", "freelist_count", "page_size", "integrity_check", "quick_check", "compile_options", "function_list", "collation_list", "module_list",
        "database_list", "schema_version", "encoding", "foreign_keys", "journal_mode", "data_version",
    };

    /// <summary>Those of which a reader may read the value and not set one.</summary>
    private static readonly HashSet<string> WithoutArgument = new(StringComparer.OrdinalIgnoreCase)
    {
        "page_size", "schema_version", "encoding", "foreign_keys", "journal_mode", "user_version", "application_id", "defer_foreign_keys",
    };

    internal static bool IsForWrites(ReadOnlySpan<byte> name) => InWrites.Contains(Encoding.UTF8.GetString(name));

    internal static bool IsForReads(ReadOnlySpan<byte> name, bool hasArgument)
    {
        string text = Encoding.UTF8.GetString(name);
        return InReads.Contains(text) && !(hasArgument && WithoutArgument.Contains(text));
    }
}
