using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage.Tests.Log;

/// <summary>A log on a disk, and short ways to say what is done to it.</summary>
internal static class LogFixture
{
    internal static readonly GroupId G = new(7);

    internal static LogOptions Options { get; } = new()
    {
        Cluster = new ClusterId(11),
        Node = new NodeId(3),
        Salt = 0x1234_5678_9ABC_DEF0,
        SegmentBytes = 64 << 10,
        CacheBytes = 64 << 10,
    };

    internal static WriteAheadLog Open(IDisk disk) => WriteAheadLog.Open(disk, Options);

    internal static StoredEntry Entry(ulong term, ulong index, int size = 16) =>
        StoredEntry.Born(EntryId.Of(term, index), EntryKind.Command, Payload(term, index, size));

    internal static byte[] Payload(ulong term, ulong index, int size)
    {
        byte[] payload = new byte[Math.Max(size, 16)];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, term);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(8), index);
        for (int i = 16; i < payload.Length; i++)
        {
            payload[i] = (byte)((i + (int)index) % 251);
        }

        return payload;
    }

    /// <summary>Stages until all of it is in, and makes it durable.</summary>
    internal static FlushToken Commit(this WriteAheadLog log, LogWrite write)
    {
        while (true)
        {
            StageOutcome outcome = log.Stage(write);
            Assert.NotEqual(StageOutcome.NoSpace, outcome);
            log.Write();
            FlushToken token = log.Flush();
            if (outcome == StageOutcome.Staged)
            {
                Assert.True(token.Covers(write));
                return token;
            }
        }
    }

    internal static FlushToken Append(this WriteAheadLog log, GroupId group, ulong term, ulong first, ulong last, int size = 16)
    {
        var write = new LogWrite();
        write.Begin(group);
        write.HardState = new HardState(new Term(term), null, LogIndex.Zero);
        for (ulong index = first; index <= last; index++)
        {
            write.Add(Entry(term, index, size));
        }

        return log.Commit(write);
    }

    /// <summary>Writes these of G and doesn't flush them.</summary>
    internal static LogWrite WriteUnflushed(this WriteAheadLog log, params ReadOnlySpan<StoredEntry> entries)
    {
        var write = new LogWrite();
        write.Begin(G);
        foreach (StoredEntry entry in entries)
        {
            write.Add(entry);
        }

        log.Stage(write);
        log.Write();
        return write;
    }

    /// <summary>Until nothing is left to do.</summary>
    internal static void MaintainAll(this WriteAheadLog log)
    {
        while (log.Maintain())
        {
        }
    }

    internal static LogWrite Truncation(GroupId group, ulong after)
    {
        var write = new LogWrite();
        write.Begin(group);
        write.TruncateAfter = new LogIndex(after);
        return write;
    }

    internal static LogWrite Compaction(GroupId group, ulong term, ulong index)
    {
        var write = new LogWrite();
        write.Begin(group);
        write.Start = new LogStart(EntryId.Of(term, index), new LogIndex(1), new byte[] { 1, 2, 3 });
        return write;
    }

    internal static List<StoredEntry> ReadAll(this WriteAheadLog log, GroupId group, ulong first, ulong last)
    {
        var buffer = new EntryBuffer();
        var all = new List<StoredEntry>();
        while (first <= last)
        {
            Assert.Equal(LogReadOutcome.Read, log.Read(group, new LogIndex(first), new LogIndex(last), buffer));
            Assert.NotEmpty(buffer.Entries);
            foreach (StoredEntry entry in buffer.Entries)
            {
                Assert.True(entry.IsIntact);
                all.Add(entry with { Payload = entry.Payload.ToArray() });
            }

            first = all[^1].Id.Index.Value + 1;
        }

        return all;
    }
}
