using System.Buffers.Binary;
using System.Globalization;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <content>Reads what was written by the format's page alone, and shares no line with the log that wrote it.</content>
internal sealed partial class LogDriver
{
    private const int RowBytes = 112;

    // Every batch would cost as much as all else.
    private const int CheckedEvery = 16;

    private (ulong Batch, SortedSet<ulong> Groups) _touchedBefore = (0, []);

    /// <summary>The checksum of an entry: over index, term, kind and body.</summary>
    internal static uint ChecksumOf(in StoredEntry entry)
    {
        Span<byte> head = stackalloc byte[17];
        BinaryPrimitives.WriteUInt64LittleEndian(head, entry.Id.Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(head[8..], entry.Id.Term.Value);
        head[16] = (byte)entry.Kind;
        return Crc32C.Continue(Crc32C.Of(head), entry.Payload.Span);
    }

    /// <summary>What a client that knows the format and not the salt would write: a later batch than any, as if in the newest segment.</summary>
    internal void Forge(Span<byte> payload)
    {
        string? newest = Disk.VisibleFiles.LastOrDefault(path => path.EndsWith(".log", StringComparison.Ordinal));
        if (newest is null || payload.Length < 64)
        {
            return;
        }

        payload[..64].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], 1UL << 40);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[16..], 1UL << 40);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[24..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[56..], NumberOf(newest));
        payload[60] = 4;
        BinaryPrimitives.WriteUInt32LittleEndian(payload, Crc32C.Of(payload[4..64]));
    }

    /// <summary>Whether both copies of what says whose directory it is are damaged, so that no start can be asked for.</summary>
    internal bool IsIdentityLost()
    {
        if (!Disk.VisibleFiles.Contains("identity", StringComparer.Ordinal))
        {
            return true;
        }

        ReadOnlySpan<byte> bytes = Disk.ReadVisible("identity");
        return !IsSlot(bytes, 0) && !IsSlot(bytes, 4096);
    }

    private static bool IsSlot(ReadOnlySpan<byte> bytes, int at) =>
        at + 64 <= bytes.Length && bytes[at..].StartsWith("GRAFTID1"u8)
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 60)..]) == Crc32C.Of(bytes.Slice(at, 60));

    // Rows: each group that this batch or the one before it touched has one (2.3 of the format). Truncations: each has a record (2.2).
    // A start would mostly not miss those, since rows and what is appended next tell the same.
    private void CheckFormat(ulong batch)
    {
        SortedSet<ulong> touched = [.. _inBatch.Select(write => write.Group.Value)];
        if (batch % CheckedEvery == 0)
        {
            (SortedSet<ulong> rows, SortedSet<(ulong Group, ulong After)> truncations) = ReadBatch(batch);
            _truncated.ExceptWith(truncations);
            Require(_truncated.Count == 0, $"batch {batch} has no record of the truncation of group {string.Join(", ", _truncated)}");
            SortedSet<ulong> wanted = [.. touched];
            if (_touchedBefore.Batch == batch - 1)
            {
                wanted.UnionWith(_touchedBefore.Groups);
            }

            wanted.IntersectWith(_live.Keys);
            wanted.ExceptWith(rows);
            Require(wanted.Count == 0, $"batch {batch} has no row of group {string.Join(", ", wanted)}");
        }

        _touchedBefore = (batch, touched);
    }

    private (SortedSet<ulong> Rows, SortedSet<(ulong Group, ulong After)> Truncations) ReadBatch(ulong batch)
    {
        SortedSet<ulong> rows = [];
        SortedSet<(ulong Group, ulong After)> truncations = [];
        foreach (string path in Disk.VisibleFiles.Where(path => path.EndsWith(".log", StringComparison.Ordinal)).TakeLast(1))
        {
            uint number = NumberOf(path);
            ReadOnlySpan<byte> bytes = Disk.ReadVisible(path);
            for (int at = 4096; at + 64 <= bytes.Length; at += 8)
            {
                if (bytes[at + 60] is not (4 or 9) || BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 16)..]) != batch || !IsRecord(bytes[at..], number))
                {
                    continue;
                }

                if (bytes[at + 60] == 4)
                {
                    truncations.Add((BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 24)..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 32)..])));
                }
                else
                {
                    int end = at + 64 + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 48)..]);
                    for (int row = at + 64; row + RowBytes <= end; row += RowBytes)
                    {
                        rows.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes[row..]));
                    }
                }
            }
        }

        return (rows, truncations);
    }

    /// <summary>Where the headers of records lie in a segment, as they are on the platter.</summary>
    internal List<int> HeadersIn(string path)
    {
        List<int> headers = [];
        ReadOnlySpan<byte> bytes = Disk.ReadDurable(path);
        uint number = NumberOf(path);
        for (int at = 4096; at + 64 <= bytes.Length; at += 8)
        {
            if (IsRecord(bytes[at..], number))
            {
                headers.Add(at);
            }
        }

        return headers;
    }

    // The highest batch in any header that is whole and in its place.
    private ulong NewestBatch()
    {
        ulong newest = 1;
        foreach (string path in Disk.VisibleFiles.Where(path => path.EndsWith(".log", StringComparison.Ordinal)))
        {
            uint number = NumberOf(path);
            ReadOnlySpan<byte> bytes = Disk.ReadVisible(path);
            for (int at = 4096; at + 64 <= bytes.Length; at += 8)
            {
                if (IsRecord(bytes[at..], number))
                {
                    newest = Math.Max(newest, BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 16)..]));
                }
            }
        }

        return newest;
    }

    private static uint NumberOf(string path) =>
        uint.Parse(Path.GetFileNameWithoutExtension(path), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private bool IsRecord(ReadOnlySpan<byte> bytes, uint number) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]) == number
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == (Crc32C.Of(bytes[4..64]) ^ (uint)(_options.Salt & uint.MaxValue))
        && BinaryPrimitives.ReadUInt16LittleEndian(bytes[62..]) == (ushort)((_options.Salt >> 32) & ushort.MaxValue);
}
