using System.Text;

namespace Graft.Sqlite;

/// <summary>Names in the database that have a meaning of their own. SQLite compares names without regard to ASCII case.</summary>
internal static class OwnNames
{
    /// <summary>What every table of ours begins with.</summary>
    internal const string Prefix = "_graft_";

    /// <summary>How many tables of ours there are.</summary>
    internal const int TableCount = 3;

    internal static bool IsOurs(ReadOnlySpan<byte> name) => BeginsWith(name, "_graft_"u8);

    /// <summary>Whether an index is of the primary key of a table of ours; they have no others.</summary>
    internal static bool IsOurIndex(ReadOnlySpan<byte> name) => BeginsWith(name, "sqlite_autoindex__graft_"u8);

    internal static bool IsStatistics(ReadOnlySpan<byte> name) => BeginsWith(name, "sqlite_stat"u8);

    internal static bool IsSchema(ReadOnlySpan<byte> name) => Is(name, "sqlite_master"u8) || Is(name, "sqlite_schema"u8);

    /// <summary>Whether a table may be the one in which a virtual table has a row for each of its own, with the same rowid.</summary>
    internal static bool IsRowOfVirtual(ReadOnlySpan<byte> name) =>
        name.EndsWith("_docsize"u8) || name.EndsWith("_content"u8) || name.EndsWith("_rowid"u8);

    internal static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(name, other);

    internal static bool BeginsWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix) =>
        name.Length >= prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix);
}
