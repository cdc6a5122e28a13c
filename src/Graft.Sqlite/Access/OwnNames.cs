using System.Text;

namespace Graft.Sqlite;

/// <summary>Names in the database that have a meaning of their own. SQLite compares names without regard to ASCII case.</summary>
internal static class OwnNames
{
    /// <summary>What every table of ours begins with.</summary>
    internal const string Prefix = "_graft_";

    /// <summary>How many tables of ours there are.</summary>
    internal const int TableCount = 2;

    internal static bool IsOurs(ReadOnlySpan<byte> name) => BeginsWith(name, "_graft_"u8);

    internal static bool IsStatistics(ReadOnlySpan<byte> name) => BeginsWith(name, "sqlite_stat"u8);

    internal static bool IsSchema(ReadOnlySpan<byte> name) => Is(name, "sqlite_master"u8) || Is(name, "sqlite_schema"u8);

    internal static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(name, other);

    internal static bool BeginsWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix) =>
        name.Length >= prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix);
}
