using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Looks at the log in a data directory and changes nothing: no lock is taken, no start is counted (docs/internals/storage-tools.md).</summary>
/// <remarks>For a log that no process writes to. What is read while one does may be called torn and is none the worse for it.</remarks>
public static class LogTools
{
    private const string Directory = "log";
    private const int IdentitySlot = 4096;

    /// <summary>Whose directory it is, how often it was started, and who took it last.</summary>
    /// <exception cref="DiskException">The disk doesn't let a file be opened.</exception>
    public static DirectoryListing Describe(IDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        string? holder = disk.FileExists("lock") ? Encoding.UTF8.GetString(Start(disk, "lock", 512)) : null;
        if (holder is not null)
        {
            holder = string.Concat(holder.Select(each => char.IsControl(each) ? ' ' : each)).Trim();
        }

        if (!disk.FileExists("identity"))
        {
            return new DirectoryListing(null, null, 0, 0, "missing: no start takes this directory", holder);
        }

        byte[] bytes = Start(disk, "identity", IdentitySlot + 64);
        byte[][] slots = [.. new[] { 0, IdentitySlot }.Where(at => IsSlot(bytes, at)).Select(at => bytes[at..(at + 64)])];
        if (slots.Length == 0)
        {
            return new DirectoryListing(null, null, 0, 0, "damaged in both copies: no start takes this directory", holder);
        }

        byte[] newest = slots.MaxBy(slot => BinaryPrimitives.ReadUInt64LittleEndian(slot.AsSpan(48)))!;
        return new DirectoryListing(
            new ClusterId(BinaryPrimitives.ReadUInt64LittleEndian(newest.AsSpan(16))),
            new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(newest.AsSpan(24))),
            BinaryPrimitives.ReadUInt32LittleEndian(newest.AsSpan(12)),
            BinaryPrimitives.ReadUInt64LittleEndian(newest.AsSpan(40)),
            slots.Length == 2 ? "sound" : "damaged in one of two copies",
            holder)
        {
            Salt = BinaryPrimitives.ReadUInt64LittleEndian(newest.AsSpan(32)),
        };
    }

    /// <summary>The files of the log, in order of their names.</summary>
    /// <exception cref="StorageRefusedException">A segment is of another node than the rest, or newer than this program.</exception>
    /// <exception cref="DiskException">The disk doesn't let a file be opened.</exception>
    public static IReadOnlyList<SegmentListing> List(IDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        ulong[] needed;
        using (var reading = new LogReading(disk, Directory, Describe(disk)))
        {
            needed = [.. reading.Recovery.Needed.Select(segment => segment.Number)];
        }

        var listings = new List<SegmentListing>();
        var walk = new LogWalk(disk, Directory, DirectorySalt.Of(disk, Directory, Describe(disk), out _));
        foreach (string name in disk.ListFiles(Directory))
        {
            if (Segment.TryParse(name, out ulong number))
            {
                listings.Add(ListOne(disk, walk, name, number, needed.Contains(number)));
            }
            else if (SparePool.IsSpare(name))
            {
                using IDiskFile file = disk.Open($"{Directory}/{name}", DiskAccess.Read);
                listings.Add(new SegmentListing(name, null, file.Length, "not looked at", IsNeeded: false, 0, 0, 0, 0, []));
            }
        }

        return listings;
    }

    /// <summary>The records of all segments, one by one, as they lie on the disk: superseded and void ones too.</summary>
    /// <param name="disk">The data directory.</param>
    /// <param name="group">Only this group's records, or null for all.</param>
    /// <param name="first">With <paramref name="group"/>: only from this index on.</param>
    /// <param name="last">With <paramref name="group"/>: only up to this index.</param>
    /// <returns>Read while it's enumerated, and so are the failures below.</returns>
    /// <exception cref="DiskException">The disk doesn't let a segment be opened.</exception>
    public static IEnumerable<LogRecord> Dump(IDisk disk, GroupId? group = null, LogIndex? first = null, LogIndex? last = null)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return Walk();

        IEnumerable<LogRecord> Walk()
        {
            var walk = new LogWalk(disk, Directory, DirectorySalt.Of(disk, Directory, Describe(disk), out _));
            foreach (string name in disk.ListFiles(Directory))
            {
                foreach (LogRecord record in Segment.TryParse(name, out ulong number) ? walk.Records(number) : [])
                {
                    // What can't be read may be of any group.
                    bool isMeant = group is null || record.Kind == "unreadable"
                        || (record.Group == group && (first is null || record.Id.Index >= first) && (last is null || record.Id.Index <= last));
                    if (isMeant)
                    {
                        yield return record;
                    }
                }
            }
        }
    }

    /// <summary>Reads everything as a start would, and says what that start would find.</summary>
    /// <exception cref="StorageRefusedException">A segment is of another node than the rest, or newer than this program.</exception>
    /// <exception cref="DiskException">The disk doesn't let a file be opened.</exception>
    public static LogVerdict Verify(IDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        using var reading = new LogReading(disk, Directory, Describe(disk));
        LogRecovery recovery = reading.Recovery;
        LogState state = recovery.IsDamaged ? LogState.Damaged : recovery.IsTorn ? LogState.Torn : LogState.Sound;
        var walk = new LogWalk(disk, Directory, DirectorySalt.Of(disk, Directory, Describe(disk), out _));
        long records = 0;
        LogRecord? firstBad = null;
        ulong highestBatch = 0;
        foreach ((ulong number, _, _) in recovery.Needed)
        {
            foreach (LogRecord record in walk.Records(number))
            {
                records += record.Kind == "unreadable" ? 0 : 1;
                firstBad ??= record.IsSound ? null : record;
                highestBatch = Math.Max(highestBatch, record.Batch);
            }
        }

        ImmutableArray<RecoveredGroup> groups = [.. recovery.Groups.Select(group => group.ToResult())];
        string explanation = state == LogState.Sound ? "" : Explain(state, firstBad, highestBatch, groups, recovery.Notes);
        return new LogVerdict(state, explanation, groups, [.. recovery.Notes], recovery.Needed.Count, records, recovery.BytesScanned);
    }

    /// <summary>Entries of a group as they were stored, in order, each verified.</summary>
    /// <param name="disk">The data directory.</param>
    /// <param name="group">Whose entries.</param>
    /// <param name="first">The first.</param>
    /// <param name="last">The last.</param>
    /// <exception cref="LogDamagedException">One isn't there or isn't what was written; those before it have been handed out.</exception>
    /// <exception cref="StorageRefusedException">A segment is of another node than the rest, or newer than this program.</exception>
    /// <exception cref="DiskException">The disk doesn't let a file be opened.</exception>
    public static IEnumerable<StoredEntry> Export(IDisk disk, GroupId group, LogIndex first, LogIndex last)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return Entries();

        IEnumerable<StoredEntry> Entries()
        {
            using var reading = new LogReading(disk, Directory, Describe(disk));
            for (LogIndex index = first; index <= last; index = index.Next)
            {
                yield return reading.Entry(group, index);
            }
        }
    }

    private static SegmentListing ListOne(IDisk disk, LogWalk walk, string name, ulong number, bool isNeeded)
    {
        var entries = new SortedDictionary<GroupId, (LogIndex First, LogIndex Last)>();
        LogRecord? first = null;
        LogRecord? last = null;
        foreach (LogRecord record in walk.Records(number))
        {
            first ??= record.Sequence > 0 ? record : null;
            last = record.Sequence > 0 ? record : last;
            if (record is { IsEntry: true, Group: { } group })
            {
                (LogIndex low, LogIndex high) = entries.TryGetValue(group, out (LogIndex First, LogIndex Last) seen) ? seen : (record.Id.Index, record.Id.Index);
                entries[group] = (LogIndex.Min(low, record.Id.Index), LogIndex.Max(high, record.Id.Index));
            }
        }

        using IDiskFile file = disk.Open($"{Directory}/{name}", DiskAccess.Read);
        byte[] block = Start(disk, $"{Directory}/{name}", 64);
        string header = !SegmentHeader.TryRead(block, out SegmentHeader read) ? "header damaged"
            : read.Number != number ? $"header of segment {read.Number:x16}"
            : $"of {read.Node} in {read.Cluster}, format {read.Version}";
        return new SegmentListing(
            name,
            number,
            file.Length,
            header,
            isNeeded,
            first?.Sequence ?? 0,
            last?.Sequence ?? 0,
            first?.Batch ?? 0,
            last?.Batch ?? 0,
            [.. entries.Select(each => (each.Key, each.Value.First, each.Value.Last))]);
    }

    private static string Explain(
        LogState state, LogRecord? bad, ulong highestBatch, ImmutableArray<RecoveredGroup> groups, List<string> notes)
    {
        var text = new StringBuilder();
        if (bad is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Directory}/{bad.Segment} at byte {bad.Offset}: {bad.Fault}. ");
            if (bad.Sequence > 0)
            {
                text.Append(
                    $"It is record {bad.Sequence} of batch {bad.Batch}, a {bad.Kind}{(bad.Group is { } of ? $" of {of} at {bad.Id}" : "")}; "
                    + (bad.Batch < highestBatch ? $"batch {highestBatch} followed, so it was durable. " : "no batch followed it. "));
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"{bad.Length} bytes there can't be read as records. ");
            }
        }
        else if (notes.Count > 0)
        {
            text.Append(notes[0]).Append(' ');
        }

        if (state == LogState.Torn)
        {
            return text.Append("This is how a crash in the middle of a write looks (R6). Nothing that was acknowledged is lost; the next start drops the batch. Start the node.").ToString();
        }

        RecoveredGroup[] lost = [.. groups.Where(group => group.Lost is not null)];
        text.Append(lost.Length == 0 ? "No group lost an entry by it. " : "");
        foreach (RecoveredGroup group in lost)
        {
            text.Append(CultureInfo.InvariantCulture, $"{group.Id} keeps its entries up to {group.Last} and may have acknowledged ")
                .Append(group.Lost!.HighestAcknowledged is { } mark ? $"up to {mark}. " : "more, nobody knows how far. ");
        }

        return text.Append(
            "Copy the directory before anything else. If the other nodes are well, start this one: it votes with care and refills from its leader. Replace the disk if this happens again.").ToString();
    }

    private static bool IsSlot(byte[] bytes, int at) =>
        bytes.Length >= at + 64 && bytes.AsSpan(at, 8).SequenceEqual("GRAFTID1"u8)
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 60)) == Crc32C.Of(bytes.AsSpan(at, 60));

    private static byte[] Start(IDisk disk, string path, int most)
    {
        using IDiskFile file = disk.Open(path, DiskAccess.Read);
        byte[] bytes = new byte[Math.Min(most, file.Length)];
        try
        {
            file.TryReadFully(bytes, 0);
        }
        catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
        {
            // As a start sees it: what can't be read isn't there.
            bytes = [];
        }

        return bytes;
    }
}
