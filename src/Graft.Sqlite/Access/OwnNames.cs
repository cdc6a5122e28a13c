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

    internal static bool IsStatistics(ReadOnlySpan<byte> name) => BeginsWith(name, "sqlite_stat"u8);

    internal static bool IsSchema(ReadOnlySpan<byte> name) => Is(name, "sqlite_master"u8) || Is(name, "sqlite_schema"u8);

    internal static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(name, other);

    /// <summary>Whether a text has a word in it, anywhere and in any case. The word is in small letters.</summary>
    internal static bool Contains(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word)
    {
        for (int i = 0; i + word.Length <= text.Length; i++)
        {
            int next = text[i..].IndexOfAny(word[0], (byte)(word[0] & ~0x20));
            if (next < 0 || i + next + word.Length > text.Length)
            {
                return false;
            }

            i += next;
            if (Ascii.EqualsIgnoreCase(text.Slice(i, word.Length), word))
            {
                return true;
            }
        }

        return false;
    }

    internal static bool BeginsWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix) =>
        name.Length >= prefix.Length && Ascii.EqualsIgnoreCase(name[..prefix.Length], prefix);
}
