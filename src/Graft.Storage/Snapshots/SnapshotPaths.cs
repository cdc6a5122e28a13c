using System.Globalization;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The names of snapshot files; see docs/internals/snapshot-format.md.</summary>
internal static class SnapshotPaths
{
    public const string Root = "snapshots";
    public const string SnapshotSuffix = ".snap";
    public const string WritingSuffix = ".tmp";
    public const string ReceivingSuffix = ".part";
    public const string DamagedSuffix = ".damaged";

    private const int Digits = 16;
    private const int PositionLength = (2 * Digits) + 1;

    public static string Directory(GroupId group) => $"{Root}/{Hex(group.Value)}";

    public static string Snapshot(GroupId group, EntryId last) => $"{Directory(group)}/{Position(last)}{SnapshotSuffix}";

    public static string Writing(GroupId group, EntryId last) => $"{Directory(group)}/{Position(last)}{WritingSuffix}";

    public static string Receiving(GroupId group, Snapshot snapshot) =>
        $"{Directory(group)}/{Position(snapshot.Last)}-{Hex((ulong)snapshot.Bytes)}{ReceivingSuffix}";

    public static bool IsWriting(string name) =>
        name.Length == PositionLength + WritingSuffix.Length
        && name.EndsWith(WritingSuffix, StringComparison.Ordinal)
        && TryParsePosition(name, out _);

    public static bool IsReceiving(string name) =>
        name.EndsWith(ReceivingSuffix, StringComparison.Ordinal) && TryParsePosition(name, out _);

    public static bool TryParseSnapshot(string name, out EntryId last)
    {
        last = default;
        return name.Length == PositionLength + SnapshotSuffix.Length
            && name.EndsWith(SnapshotSuffix, StringComparison.Ordinal)
            && TryParsePosition(name, out last);
    }

    public static bool TryParseGroup(string name, out GroupId group)
    {
        bool isNumber = TryParseHex(name, out ulong value);
        group = new GroupId(value);
        return isNumber;
    }

    public static bool TryParsePosition(string name, out EntryId last)
    {
        last = default;
        if (name.Length < PositionLength || name[Digits] != '-'
            || !TryParseHex(name.AsSpan(0, Digits), out ulong index)
            || !TryParseHex(name.AsSpan(Digits + 1, Digits), out ulong term))
        {
            return false;
        }

        last = EntryId.Of(term, index);
        return true;
    }

    private static string Position(EntryId last) => $"{Hex(last.Index.Value)}-{Hex(last.Term.Value)}";

    private static string Hex(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);

    // Strict, so that each path has one name: upper case would be another file on one system and the same on the next.
    private static bool TryParseHex(ReadOnlySpan<char> digits, out ulong value)
    {
        value = 0;
        return digits.Length == Digits
            && !digits.ContainsAnyInRange('A', 'F')
            && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
