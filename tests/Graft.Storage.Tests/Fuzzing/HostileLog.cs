using System.Buffers.Binary;
using Graft.Consensus;
using Graft.Storage.Tests.Log;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Fuzzing;

/// <summary>The files of a log, to be changed as one likes, with checksums that are right all the same.</summary>
internal sealed class HostileLog
{
    private static readonly Lazy<SortedDictionary<string, byte[]>[]> Bases = new(() => [.. Enumerable.Range(0, 6).Select(Grow)]);

    private HostileLog(SortedDictionary<string, byte[]> files) => Files = files;

    internal SortedDictionary<string, byte[]> Files { get; }

    internal long Size => Files.Values.Sum(file => (long)file.Length);

    internal static HostileLog Copy(int number) =>
        new(new SortedDictionary<string, byte[]>(
            Bases.Value[number % Bases.Value.Length].ToDictionary(file => file.Key, file => (byte[])file.Value.Clone()), StringComparer.Ordinal));

    internal static HostileLog Of(MemoryDisk disk) => new(Read(disk));

    internal MemoryDisk ToDisk()
    {
        var disk = new MemoryDisk();
        disk.CreateDirectory("log");
        foreach ((string path, byte[] bytes) in Files)
        {
            using IDiskFile file = disk.Open(path, DiskAccess.Create);
            file.Write(bytes, 0);
        }

        return disk;
    }

    internal static SortedDictionary<string, byte[]> Read(MemoryDisk disk)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string path in (string[])[.. disk.ListFiles(""), .. disk.ListFiles("log").Select(name => $"log/{name}")])
        {
            using IDiskFile file = disk.Open(path, DiskAccess.Read);
            byte[] bytes = new byte[file.Length];
            file.TryReadFully(bytes, 0);
            files.Add(path, bytes);
        }

        return files;
    }

    internal string Pick(SeededRandom random) => Files.Keys.ElementAt(random.Next(0, Files.Count - 1));

    internal string? PickSegment(SeededRandom random)
    {
        string[] segments = [.. Files.Keys.Where(path => path.EndsWith(".log", StringComparison.Ordinal))];
        return segments.Length == 0 ? null : segments[random.Next(0, segments.Length - 1)];
    }

    /// <summary>Where the records of a segment begin, as far as they can be followed.</summary>
    internal static List<int> Records(byte[] segment)
    {
        var places = new List<int>();
        for (int at = SegmentHeader.Size; at + RecordHeader.Size <= segment.Length;)
        {
            RecordHeader header = RecordHeader.Read(segment.AsSpan(at));
            if (header.Check != RecordHeader.CheckOf(segment.AsSpan(at), Options.Salt) || at + header.Extent > segment.Length)
            {
                at += 8;
                continue;
            }

            places.Add(at);
            at += (int)header.Extent;
        }

        return places;
    }

    /// <summary>Makes all checksums of a record right, and on request the chain behind it.</summary>
    internal static void Seal(byte[] segment, int at, bool isChained)
    {
        List<int> places = isChained ? Records(segment) : [];
        SealOne(segment, at);
        uint check = BinaryPrimitives.ReadUInt32LittleEndian(segment.AsSpan(at));
        foreach (int place in places.Where(place => place > at))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(place + 4), check);
            SealOne(segment, place);
            check = BinaryPrimitives.ReadUInt32LittleEndian(segment.AsSpan(place));
        }
    }

    /// <summary>Changes one word of a record's header, of its rows, or of a file's header, and makes its checksums right.</summary>
    internal void Forge(SeededRandom random)
    {
        if (random.Chance(60) && Files.TryGetValue("identity", out byte[]? identity) && identity.Length >= 4096 + 64)
        {
            int slot = random.Chance(500) ? 0 : 4096;
            Put(identity, slot + (8 * random.Next(1, 6)), Fuzz.Pick(random));
            BinaryPrimitives.WriteUInt32LittleEndian(identity.AsSpan(slot + 60), Crc32C.Of(identity.AsSpan(slot, 60)));
            return;
        }

        if (PickSegment(random) is not { } path || Files[path] is not { Length: > SegmentHeader.Size } segment)
        {
            return;
        }

        if (random.Chance(40))
        {
            Put(segment, 8 * random.Next(1, 5), Fuzz.Pick(random));
            BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(60), Crc32C.Of(segment.AsSpan(0, 60)));
            return;
        }

        List<int> places = Records(segment);
        if (places.Count == 0)
        {
            return;
        }

        int at = places[random.Next(0, places.Count - 1)];
        RecordHeader header = RecordHeader.Read(segment.AsSpan(at));
        switch (random.Next(0, 9))
        {
            case 0:
                BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(at + 48), (uint)(Fuzz.Pick(random) & uint.MaxValue));
                break;
            case 1:
                segment[at + 60] = (byte)random.Next(0, 11);
                break;
            case 2:
                segment[at + 61] = (byte)random.Next(0, 15);
                break;
            case 3 or 4 or 5 when header.Length >= 8:
                at = header.Kind != RecordKind.End ? places.LastOrDefault(place => RecordHeader.Read(segment.AsSpan(place)).Kind == RecordKind.End, at) : at;
                int words = (int)RecordHeader.Read(segment.AsSpan(at)).Length / 8;
                Put(segment, at + RecordHeader.Size + (8 * random.Next(0, Math.Max(words - 1, 0))), Fuzz.Pick(random));
                break;
            default:
                Put(segment, at + (8 * random.Next(1, 5)), Fuzz.Pick(random));
                break;
        }

        Seal(segment, at, isChained: random.Chance(700));
    }

    /// <summary>Swaps two records, or repeats one, as they are or with a chain that fits.</summary>
    internal void Shuffle(SeededRandom random)
    {
        if (PickSegment(random) is not { } path)
        {
            return;
        }

        byte[] segment = Files[path];
        List<int> places = Records(segment);
        if (places.Count < 2)
        {
            return;
        }

        int from = places[random.Next(0, places.Count - 1)];
        int to = places[random.Next(0, places.Count - 1)];
        int extent = (int)RecordHeader.Read(segment.AsSpan(from)).Extent;
        byte[] moved = segment.AsSpan(from, extent).ToArray();
        if (random.Chance(500) && to + extent <= segment.Length)
        {
            segment.AsSpan(to, extent).CopyTo(segment.AsSpan(from));
        }

        moved.AsSpan(0, Math.Min(extent, segment.Length - to)).CopyTo(segment.AsSpan(to));
        if (random.Chance(500))
        {
            Seal(segment, Math.Min(from, to), isChained: true);
        }
    }

    private static void SealOne(byte[] segment, int at)
    {
        RecordHeader header = RecordHeader.Read(segment.AsSpan(at));
        if (at + RecordHeader.Size + (long)header.Length <= segment.Length && (header.Flags & RecordFlags.HeadersOnly) == 0)
        {
            header.BodyChecksum = EntryChecksum.Of(
                header.Index, header.Term, (byte)header.Kind, segment.AsSpan(at + RecordHeader.Size, (int)header.Length));
        }

        header.Write(segment.AsSpan(at), Options.Salt);
    }

    private static void Put(byte[] bytes, int at, ulong value)
    {
        if (at + 8 <= bytes.Length)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), value);
        }
    }

    private static SortedDictionary<string, byte[]> Grow(int number)
    {
        var disk = new MemoryDisk();
        WriteAheadLog log = Open(disk);
        var random = new SeededRandom((ulong)number + 100);
        ulong[] last = new ulong[4];
        int groups = 1 + (number % 4);
        for (int i = 0; i < 10 + (number * 8); i++)
        {
            int g = random.Next(0, groups - 1);
            var group = new GroupId((ulong)g + 7);
            if (last[g] > 4 && random.Chance(150))
            {
                log.Commit(Truncation(group, last[g] -= 2));
            }
            else if (last[g] > 8 && random.Chance(150) && log.Recovery.Groups.Length == 0)
            {
                log.Commit(Compaction(group, 1, last[g] / 2));
            }

            ulong count = (ulong)random.Next(1, 6);
            log.Append(group, term: 1, last[g] + 1, last[g] + count, size: random.Next(16, 100 << (number % 4)));
            last[g] += count;
            if (random.Chance(100))
            {
                log.Maintain();
            }
        }

        if (number % 2 == 0)
        {
            log.Close();
        }
        else
        {
            log.Dispose();
        }

        SortedDictionary<string, byte[]> files = Read(disk);
        files.Remove("lock");
        return files;
    }
}
