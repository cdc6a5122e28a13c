using Graft.Consensus;
using Graft.Simulation.Disks;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Log;

public sealed class WriteAheadLogTests
{
    private readonly SimulatedDisk _disk = new(new SeededRandom(1));

    [Fact]
    public void What_is_flushed_is_there_after_power_was_lost()
    {
        WriteAheadLog log = Open(_disk);
        log.Append(G, term: 2, first: 1, last: 5);
        _disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog again = Open(_disk);

        RecoveredGroup group = Assert.Single(again.Recovery.Groups);
        Assert.Equal(EntryId.Of(2, 5), group.Last);
        Assert.Equal(new Term(2), group.HardState.Term);
        Assert.Equal(5, again.ReadAll(G, 1, 5).Count);
        Assert.False(again.Recovery.IsDamaged, string.Join('\n', again.Recovery.Notes));
    }

    [Fact]
    public void What_was_only_written_may_be_gone_and_is_gone_as_a_whole()
    {
        WriteAheadLog log = Open(_disk);
        log.Append(G, term: 1, first: 1, last: 3);
        log.WriteUnflushed(Entry(1, 4), Entry(1, 5));
        _disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog again = Open(_disk);

        Assert.Equal(EntryId.Of(1, 3), again.LastOf(G));
    }

    [Fact]
    public void A_clean_stop_goes_on_where_it_stopped()
    {
        WriteAheadLog log = Open(_disk);
        log.Append(G, term: 1, first: 1, last: 3);
        log.Close();
        for (ulong i = 4; i < 20; i++)
        {
            WriteAheadLog next = Open(_disk);
            Assert.True(next.Recovery.WasClean, string.Join('\n', next.Recovery.Notes));
            next.Append(G, term: 1, first: i, last: i);
            Assert.Equal((int)i, next.ReadAll(G, 1, i).Count);
            next.Close();
        }
    }

    [Fact]
    public void A_conflicting_suffix_is_replaced()
    {
        WriteAheadLog log = Open(_disk);
        log.Append(G, term: 1, first: 1, last: 9);
        LogWrite write = Truncation(G, after: 4);
        write.Add(Entry(2, 5));
        log.Commit(write);
        Assert.Equal(EntryId.Of(2, 5), log.LastOf(G));
        _disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog again = Open(_disk);

        Assert.Equal(
            [new TermRun(new Term(1), new LogIndex(1), new LogIndex(4)), new TermRun(new Term(2), new LogIndex(5), new LogIndex(5))],
            again.Recovery.Groups[0].Log);
    }

    [Fact]
    public void Many_segments_are_written_compacted_and_recycled()
    {
        WriteAheadLog log = Open(_disk);
        AppendAndCompact(log);
        Assert.Equal(59, log.ReadAll(G, 2942, 3000).Count);
        _disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog again = Open(_disk);

        Assert.False(again.Recovery.IsDamaged, string.Join('\n', again.Recovery.Notes));
        Assert.Equal(59, again.ReadAll(G, 2942, 3000).Count);
    }

    [Fact]
    public void Nothing_is_moved_while_the_old_segments_are_few()
    {
        WriteAheadLog log = Open(_disk);
        log.Append(new GroupId(1), term: 1, first: 1, last: 1, size: 100);
        ulong last = 0;
        while (log.WrittenBytes < Options.SegmentBytes * 3 / 2)
        {
            log.Append(G, term: 1, first: last + 1, last: last + 10, size: 200);
            last += 10;
        }

        log.Commit(Compaction(G, 1, last));
        long before = log.WrittenBytes;
        log.MaintainAll();

        Assert.Equal(before, log.WrittenBytes);
        Assert.Single(log.ReadAll(new GroupId(1), 1, 1));
    }

    [Fact]
    public void A_slow_group_does_not_hold_old_segments_for_ever()
    {
        var slow = new GroupId(1);
        WriteAheadLog log = Open(_disk);
        log.Append(slow, term: 1, first: 1, last: 20, size: 100);
        AppendAndCompact(log);
        Assert.Equal(20, log.ReadAll(slow, 1, 20).Count);
        _disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog again = Open(_disk);

        Assert.Equal(20, again.ReadAll(slow, 1, 20).Count);
    }

    /// <summary>Whoever writes meanwhile waits for one batch, however much a segment has left.</summary>
    [Fact]
    public void A_turn_of_maintenance_moves_one_batch_at_most()
    {
        var slow = new GroupId(1);
        WriteAheadLog log = Open(_disk);
        log.Append(slow, term: 1, first: 1, last: 12, size: 4000);
        ulong last = 0;
        while (log.WrittenBytes < Options.SegmentBytes * 4)
        {
            log.Append(G, term: 1, first: last + 1, last: last + 50, size: 16);
            last += 50;
            log.Append(new GroupId(2), term: 1, first: last / 50, last: last / 50);
        }

        log.Commit(Compaction(G, 1, last));
        long before = log.WrittenBytes;
        long start = before;
        while (log.Maintain())
        {
            Assert.InRange(log.WrittenBytes - before, 0, Options.BlockBytes);
            before = log.WrittenBytes;
        }

        Assert.True(log.WrittenBytes - start > 12 * 4000);
        Assert.Equal(12, log.ReadAll(slow, 1, 12).Count);
    }

    [Fact]
    public void A_failed_flush_is_the_end_of_the_log()
    {
        (WriteAheadLog log, LogWrite write) = FailFlush();

        Assert.Throws<StorageFailedException>(() => log.Flush());
        Assert.Throws<StorageFailedException>(() => log.Stage(write));
    }

    [Fact]
    public void A_node_that_restarts_after_a_failed_flush_builds_on_no_phantom()
    {
        FailFlush();
        _disk.Kill();

        WriteAheadLog again = Open(_disk);
        ulong last = again.LastOf(G).Index.Value;
        again.Append(G, term: 1, first: last + 1, last: last + 1);
        _disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog third = Open(_disk);

        Assert.Equal(last + 1, third.LastOf(G).Index.Value);
        Assert.False(third.Recovery.IsDamaged, string.Join('\n', third.Recovery.Notes));
    }

    [Fact]
    public void A_flipped_bit_below_the_last_batch_is_rot_and_known()
    {
        WriteAheadLog log = Open(_disk);
        for (ulong i = 1; i <= 9; i++)
        {
            log.Append(G, term: 1, first: i, last: i, size: 100);
        }

        string segment = _disk.DurableFiles.Single(name => name.EndsWith(".log", StringComparison.Ordinal));
        _disk.FlipBit(segment, IndexOf(_disk.ReadDurable(segment), Payload(1, 5, 100)) + 20, 3);
        _disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog again = Open(_disk);

        RecoveredGroup group = again.Recovery.Groups[0];
        Assert.True(again.Recovery.IsDamaged);
        Assert.Equal(EntryId.Of(1, 4), group.Last);
        Assert.Equal(new LostEntries(EntryId.Of(1, 9)), group.Lost);
    }

    [Fact]
    public void What_a_snapshot_on_its_way_needs_is_not_compacted()
    {
        using WriteAheadLog log = Open(_disk);
        log.Append(G, term: 1, first: 1, last: 20);
        LogPin pin = log.Pin(G, new LogIndex(5));

        Assert.Equal(new LogIndex(5), log.CompactableTo(G, new LogIndex(12)));
        log.Commit(Compaction(G, 1, 5));
        Assert.Equal(15, log.ReadAll(G, 6, 20).Count);
        pin.Dispose();
        Assert.Equal(new LogIndex(12), log.CompactableTo(G, new LogIndex(12)));

        // One that comes between the question and the write is too late, and no reason to stop the log.
        using LogPin late = log.Pin(G, new LogIndex(6));
        log.Commit(Compaction(G, 1, 12));
        Assert.Equal(8, log.ReadAll(G, 13, 20).Count);
    }

    [Fact]
    public void Another_cluster_and_a_second_log_are_refused()
    {
        using WriteAheadLog log = Open(_disk);
        Assert.Contains("in use", Assert.Throws<StorageRefusedException>(() => Open(_disk)).Message, StringComparison.Ordinal);
        log.Append(G, term: 1, first: 1, last: 1);
        log.Dispose();

        StorageRefusedException refused = Assert.Throws<StorageRefusedException>(() => WriteAheadLog.Open(_disk, Options with { Node = new NodeId(4) }));

        Assert.Contains("n3", refused.Message, StringComparison.Ordinal);
        Assert.Contains("n4", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_refuses_commands_and_goes_on_voting_until_space_is_freed()
    {
        WriteAheadLog log = Open(_disk);
        log.Append(G, term: 1, first: 1, last: 10, size: 200);
        log.MaintainAll();

        _disk.QuotaBytes = _disk.UsedBytes;
        ulong index = 11;
        var write = new LogWrite();
        while (true)
        {
            write.Begin(G);
            write.Add(Entry(1, index, 2000));
            if (log.Stage(write) == StageOutcome.NoSpace)
            {
                break;
            }

            log.Write();
            log.Flush();
            log.Maintain();
            index++;
        }

        var vote = new LogWrite();
        vote.Begin(G);
        vote.HardState = new HardState(new Term(5), new NodeId(2), LogIndex.Zero);
        log.Commit(vote);
        Assert.Equal((int)index - 1, log.ReadAll(G, 1, index - 1).Count);

        _disk.QuotaBytes = null;
        log.Maintain();
        Assert.Equal(StageOutcome.Staged, log.Stage(write));
        log.Write();
        Assert.True(log.Flush().Covers(write));
        _disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog again = Open(_disk);

        Assert.Equal(index, again.LastOf(G).Index.Value);
        Assert.Equal(new HardState(new Term(5), new NodeId(2), LogIndex.Zero), again.Recovery.Groups[0].HardState);
    }

    /// <summary>Writes a fourth entry, whose flush fails.</summary>
    private (WriteAheadLog Log, LogWrite Write) FailFlush()
    {
        WriteAheadLog log = Open(_disk);
        log.Append(G, term: 1, first: 1, last: 3);
        LogWrite write = log.WriteUnflushed(Entry(1, 4));
        _disk.FailCall(DiskCall.Flush, 1);
        Assert.Throws<StorageFailedException>(() => log.Flush());
        return (log, write);
    }

    /// <summary>3000 entries of which the last 59 are kept, in no more than eight segments.</summary>
    private static void AppendAndCompact(WriteAheadLog log)
    {
        for (ulong i = 1; i <= 3000; i += 10)
        {
            log.Append(G, term: 1, first: i, last: i + 9, size: 200);
            if (i > 100)
            {
                log.Commit(Compaction(G, 1, i - 50));
            }

            log.MaintainAll();
        }

        Assert.InRange(log.DiskBytes, 1, 8 * Options.SegmentBytes);
    }

    private static int IndexOf(byte[] bytes, byte[] part) => bytes.AsSpan().IndexOf(part);
}
