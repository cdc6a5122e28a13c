namespace Graft.Storage;

/// <summary>An open segment file, and how much of it is still needed.</summary>
internal sealed class Segment(ulong number, string path, IDiskFile file, long size)
{
    /// <summary>More records than this, and so more batches, are in no segment: it has at most 1 GiB, and a record at least 64 bytes.</summary>
    internal const ulong MostRecords = 1UL << 24;

    internal ulong Number => number;

    internal string Path => path;

    internal IDiskFile File => file;

    internal long Size => size;

    /// <summary>The sequence number of the last record in it that counts, once it is no longer the log's end.</summary>
    internal ulong LastSequence { get; set; }

    /// <summary>Entries that were ever put there, as far as this process knows.</summary>
    internal long Entries { get; set; }

    /// <summary>Entries that lie in it and are neither truncated, compacted nor moved.</summary>
    internal long LiveEntries { get; set; }

    /// <summary>The batch whose flush makes its retirement durable; zero while it is in use.</summary>
    internal ulong RetiredBy { get; set; }

    /// <summary>Reads under way. The file is closed by the last of them if it has been retired meanwhile.</summary>
    internal int Readers { get; set; }

    internal bool IsGone { get; set; }

    /// <summary>
    /// Whether the disk couldn't read something in it. It is no spare then: what is unreadable where the log ends counts as damage.
    /// </summary>
    internal bool HasBadSectors { get; set; }

    internal static string NameOf(ulong number) => $"{number:x16}.log";

    internal static bool TryParse(string name, out ulong number)
    {
        number = 0;
        return name.Length == 20 && name.EndsWith(".log", StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(0, 16), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out number)
            && NameOf(number) == name && number is > 0 and < RecordHeader.NumberLimit;
    }
}
