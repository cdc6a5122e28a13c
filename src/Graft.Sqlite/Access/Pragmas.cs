using System.Text;

namespace Graft.Sqlite;

/// <summary>The pragmas that clients may use. Everything else is fixed, or concerns one node.</summary>
internal static class Pragmas
{
    // The size of a page is the same everywhere, and full-text and r-tree indexes ask for it.
    private const string PageSize = "page_size";

    private static readonly HashSet<string> InWrites = new(StringComparer.OrdinalIgnoreCase)
    {
        "user_version", "application_id", "defer_foreign_keys", "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
        "foreign_key_list", "foreign_key_check", PageSize,
    };

    private static readonly HashSet<string> InReads = new(InWrites, StringComparer.OrdinalIgnoreCase)
    {
        "page_count", "freelist_count", "integrity_check", "quick_check", "compile_options", "function_list", "collation_list", "module_list",
        "database_list", "schema_version", "encoding", "foreign_keys", "journal_mode", "data_version",
    };

    /// <summary>Those of which a reader may read the value and not set one.</summary>
    private static readonly HashSet<string> WithoutArgument = new(StringComparer.OrdinalIgnoreCase)
    {
        PageSize, "schema_version", "encoding", "foreign_keys", "journal_mode", "user_version", "application_id", "defer_foreign_keys",
    };

    internal static bool IsForWrites(ReadOnlySpan<byte> name, bool hasArgument)
    {
        string text = Encoding.UTF8.GetString(name);
        return InWrites.Contains(text) && !(hasArgument && PageSize.Equals(text, StringComparison.OrdinalIgnoreCase));
    }

    internal static bool IsForReads(ReadOnlySpan<byte> name, bool hasArgument)
    {
        string text = Encoding.UTF8.GetString(name);
        return InReads.Contains(text) && !(hasArgument && WithoutArgument.Contains(text));
    }
}
