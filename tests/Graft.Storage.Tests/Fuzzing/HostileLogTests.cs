using System.Buffers.Binary;
using Graft.Consensus;
using Graft.Storage.Tests.Log;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Fuzzing;

/// <summary>What the fuzzer has found, one by one.</summary>
public sealed class HostileLogTests
{
    [Fact]
    public void An_entry_far_from_all_others_costs_a_block_and_not_the_blocks_between()
    {
        var index = new EntryIndex(new EntryIndexPool());
        long before = GC.GetAllocatedBytesForCurrentThread();

        foreach (ulong far in (ulong[])[5, (1UL << 62) - 1, 1UL << 40, 6])
        {
            index.Set(far, segment: 1, offset: 4096);
        }

        Assert.Equal(7UL, index.FindHole(4, 1UL << 61));
        index.RemoveAbove(1UL << 40);
        index.RemoveThrough(5);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 10);
        Assert.False(index.TryFind(5, out _, out _));
        Assert.True(index.TryFind(6, out _, out _));
        Assert.True(index.TryFind(1UL << 40, out _, out _));
        Assert.False(index.TryFind((1UL << 62) - 1, out _, out _));
    }

    [Fact]
    public void Blocks_that_are_given_back_are_clean_when_they_are_used_again()
    {
        var index = new EntryIndex(new EntryIndexPool());
        for (ulong i = 1; i <= 1000; i++)
        {
            index.Set(i, segment: 1, offset: 4096);
        }

        index.RemoveAbove(300);
        index.RemoveThrough(280);
        index.Set(1001, segment: 2, offset: 8192);

        Assert.Equal(301UL, index.FindHole(280, 1001));
        Assert.True(index.TryFind(300, out _, out _));
        Assert.False(index.TryFind(1000, out _, out _));
        Assert.False(index.TryFind(280, out _, out _));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(40)]
    public void A_record_with_a_number_that_no_log_comes_to_is_no_record(int field)
    {
        HostileLog log = HostileLog.Copy(0);
        byte[] segment = log.Files["log/0000000000000001.log"];
        int at = HostileLog.Records(segment).First(place => RecordHeader.Read(segment.AsSpan(place)).IsEntry);
        BinaryPrimitives.WriteUInt64LittleEndian(segment.AsSpan(at + field), ulong.MaxValue);
        HostileLog.Seal(segment, at, isChained: true);

        using WriteAheadLog open = Open(log.ToDisk());

        Assert.True(open.Recovery.IsDamaged);
        Assert.All(open.Recovery.Groups, group => Assert.True(group.Last.Index.Value < 1000));
    }

    [Fact]
    public void A_row_with_a_number_that_no_log_comes_to_is_damage()
    {
        HostileLog log = HostileLog.Copy(0);
        byte[] segment = log.Files["log/0000000000000001.log"];
        int at = HostileLog.Records(segment).First(place => RecordHeader.Read(segment.AsSpan(place)).Kind == RecordKind.End);
        BinaryPrimitives.WriteUInt64LittleEndian(segment.AsSpan(at + RecordHeader.Size + 56), ulong.MaxValue);
        HostileLog.Seal(segment, at, isChained: true);

        using WriteAheadLog open = Open(log.ToDisk());

        Assert.True(open.Recovery.IsDamaged);
    }

    [Fact]
    public void A_group_whose_row_ends_before_its_log_begins_has_lost_it_and_seed_100712_found_that()
    {
        var disk = new MemoryDisk();
        WriteAheadLog grown = Open(disk);
        grown.Append(G, term: 1, first: 1, last: 9);
        grown.Commit(Compaction(G, 1, 4));
        grown.Dispose();
        HostileLog log = HostileLog.Of(disk);
        byte[] segment = log.Files["log/0000000000000001.log"];
        int at = HostileLog.Records(segment).First(place => RecordHeader.Read(segment.AsSpan(place)).Kind == RecordKind.Start);
        BinaryPrimitives.WriteUInt64LittleEndian(segment.AsSpan(at + 32), 2048);
        HostileLog.Seal(segment, at, isChained: true);

        using WriteAheadLog open = Open(log.ToDisk());

        RecoveredGroup group = Assert.Single(open.Recovery.Groups);
        Assert.NotNull(group.Lost);
        Assert.Equal(group.Last, open.LastOf(G));
    }

    [Fact]
    public void A_segment_number_of_more_than_32_bits_is_read()
    {
        HostileLog log = HostileLog.Copy(0);
        byte[] segment = log.Files["log/0000000000000001.log"];
        log.Files.Remove("log/0000000000000001.log");
        log.Files["log/0000000700000001.log"] = segment;
        BinaryPrimitives.WriteUInt64LittleEndian(segment.AsSpan(32), 0x7_0000_0001);
        BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(60), Crc32C.Of(segment.AsSpan(0, 60)));
        using WriteAheadLog expected = Open(HostileLog.Copy(0).ToDisk());

        using WriteAheadLog open = Open(log.ToDisk());

        Assert.Equal(expected.Recovery.Groups.Select(group => group.Last), open.Recovery.Groups.Select(group => group.Last));
        open.Append(G, 1, open.LastOf(G).Index.Value + 1, open.LastOf(G).Index.Value + 1);
    }

    [Fact]
    public void A_spare_with_the_highest_name_is_no_obstacle()
    {
        HostileLog log = HostileLog.Copy(1);
        log.Files["log/spare-ffffffffffffffff"] = new byte[Options.SegmentBytes];
        log.Files["log/ffffffffffffffff.log"] = new byte[Options.SegmentBytes];

        using WriteAheadLog open = Open(log.ToDisk());

        open.Append(G, 1, open.LastOf(G).Index.Value + 1, open.LastOf(G).Index.Value + 1);
    }

    [Fact]
    public void A_directory_that_was_started_as_often_as_can_be_counted_is_refused()
    {
        HostileLog log = HostileLog.Copy(0);
        byte[] identity = log.Files["identity"];
        foreach (int slot in (int[])[0, 4096])
        {
            BinaryPrimitives.WriteUInt32LittleEndian(identity.AsSpan(slot + 12), uint.MaxValue);
            BinaryPrimitives.WriteUInt32LittleEndian(identity.AsSpan(slot + 60), Crc32C.Of(identity.AsSpan(slot, 60)));
        }

        StorageRefusedException refused = Assert.Throws<StorageRefusedException>(() => Open(log.ToDisk()));

        Assert.Contains("4294967295 times", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Segments_too_small_for_an_entry_that_is_there_are_refused_by_the_book()
    {
        var disk = new MemoryDisk();
        WriteAheadLog large = WriteAheadLog.Open(disk, Options with { SegmentBytes = 1 << 20, CacheBytes = 1 << 20 });
        large.Append(G, term: 1, first: 1, last: 1, size: 100_000);
        large.Dispose();

        StorageRefusedException refused = Assert.Throws<StorageRefusedException>(() => Open(disk));

        Assert.Contains("Choose larger segments", refused.Message, StringComparison.Ordinal);
        using WriteAheadLog again = WriteAheadLog.Open(disk, Options with { SegmentBytes = 1 << 20, CacheBytes = 1 << 20 });
        Assert.Equal(EntryId.Of(1, 1), again.LastOf(G));
    }
}
