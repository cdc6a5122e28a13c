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
    private const int RowsCheckedEvery = 16;

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

    // Rows: each group that this batch or the one before it touched has one (2.3 of the format).
    private void CheckRows(ulong batch)
    {
        SortedSet<ulong> touched = [.. _inBatch.Select(write => write.Group.Value)];
        if (batch % RowsCheckedEvery == 0)
        {
            SortedSet<ulong> wanted = [.. touched];
            if (_touchedBefore.Batch == batch - 1)
            {
                wanted.UnionWith(_touchedBefore.Groups);
            }

            wanted.IntersectWith(_live.Keys);
            wanted.ExceptWith(RowsOf(batch));
            Require(wanted.Count == 0, $"batch {batch} has no row of group {string.Join(", ", wanted)}");
        }

        _touchedBefore = (batch, touched);
    }

    private SortedSet<ulong> RowsOf(ulong batch)
    {
        SortedSet<ulong> groups = [];
        foreach (string path in Disk.VisibleFiles.Where(path => path.EndsWith(".log", StringComparison.Ordinal)).TakeLast(1))
        {
            uint number = NumberOf(path);
            ReadOnlySpan<byte> bytes = Disk.ReadVisible(path);
            for (int at = 4096; at + 64 <= bytes.Length; at += 8)
            {
                if (bytes[at + 60] == 9 && BinaryPrimitives.ReadUInt64LittleEndian(bytes[(at + 16)..]) == batch && IsRecord(bytes[at..], number))
                {
                    int end = at + 64 + (int)BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 48)..]);
                    for (int row = at + 64; row + RowBytes <= end; row += RowBytes)
                    {
                        groups.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes[row..]));
                    }
                }
            }
        }

        return groups;
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
