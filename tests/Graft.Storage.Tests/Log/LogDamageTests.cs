using Graft.Consensus;
using Graft.Simulation.Disks;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Log;

/// <summary>What is left when the first batch of a segment is damaged, which tells what lives where.</summary>
public sealed class LogDamageTests
{
    /// <summary>The segment before still tells all that these say.</summary>
    [Theory]
    [InlineData("segments", 2)]
    [InlineData("segments", 4)]
    [InlineData("runs", 2)]
    [InlineData("runs", 4)]
    [InlineData("start", 3)]
    public void A_body_that_rots_in_a_first_batch_costs_nothing(string kind, int segments)
    {
        SimulatedDisk disk = Filled(segments, out EntryId last);
        (string newest, int at) = FirstOf(disk, PathOf(segments), kind);
        disk.FlipBit(newest, at + RecordHeader.Size + 6, 3);

        using WriteAheadLog again = Open(disk);

        RecoveredGroup group = Assert.Single(again.Recovery.Groups);
        Assert.True(again.Recovery.IsDamaged);
        Assert.Null(group.Lost);
        Assert.Equal(last, group.Last);
        Assert.Equal(new byte[] { 1, 2, 3 }, group.Start.Membership.ToArray());
        Assert.Equal((int)last.Index.Value - 1, again.ReadAll(G, 2, last.Index.Value).Count);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Entries_that_runs_name_in_a_segment_of_the_end_are_not_given_away(int segments)
    {
        SimulatedDisk disk = Filled(segments, out EntryId last);
        (string newest, int at) = FirstOf(disk, PathOf(segments), "segments");
        disk.FlipBit(newest, at, 3);

        using WriteAheadLog again = Open(disk);

        // The batch that the record is missing of wrote the last but one, and the one before that was committed.
        RecoveredGroup group = Assert.Single(again.Recovery.Groups);
        Assert.Equal(new LostEntries(last), group.Lost);
        Assert.Equal(EntryId.Of(1, last.Index.Value - 3), group.Last);
        Assert.Equal((int)last.Index.Value - 4, again.ReadAll(G, 2, last.Index.Value - 3).Count);
    }

    [Fact]
    public void The_only_batch_of_a_segment_counts_when_a_later_segment_was_begun()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        ulong index = 0;
        while (Segments(disk) < 2)
        {
            Append(log, ++index, index);
        }

        // The next start dies before its first batch, in a third segment, is flushed.
        disk.Crash(CrashMode.LoseAll);
        SimulatedDisk crashed = disk;
        for (int nth = 1; Segments(disk) < 3 || !LogTools.Dump(disk).Any(record => record.Segment == Segment.NameOf(3) && record.Kind == "end"); nth++)
        {
            // Each on its own: no start gives the number of a segment again that another one has begun.
            disk = crashed.Fork();
            disk.DieAtCall(nth);
            try
            {
                Open(disk).Dispose();
            }
            catch (ProcessDiedException)
            {
            }

            disk.Kill();
        }

        (string second, int runs) = FirstOf(disk, PathOf(2), "runs");
        (string third, int end) = FirstOf(disk, PathOf(3), "end");
        disk.FlipBit(second, runs + RecordHeader.Size, 3);
        disk.FlipBit(third, end + RecordHeader.Size, 3);

        using WriteAheadLog again = Open(disk);

        RecoveredGroup group = Assert.Single(again.Recovery.Groups);
        Assert.Null(group.Lost);
        Assert.Equal(EntryId.Of(1, index), group.Last);
        Assert.Single(again.ReadAll(G, index, index));
    }

    [Fact]
    public void A_segment_of_which_nobody_can_tell_what_was_in_it_is_set_aside()
    {
        SimulatedDisk disk = Filled(4, out _);
        (string newest, int at) = FirstOf(disk, PathOf(4), "segments");
        disk.FlipBit(newest, at, 3);
        disk.MakeUnreadable(PathOf(3), 0, 64 << 10);

        using WriteAheadLog again = Open(disk);

        Assert.NotNull(Assert.Single(again.Recovery.Groups).Lost);
        Assert.Contains($"{PathOf(3)}.damaged", disk.VisibleFiles);
    }

    // Compacted up to 1; the last batch of all lies behind the first of the newest segment.
    private static SimulatedDisk Filled(int segments, out EntryId last)
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        Append(log, 1, 1);
        log.Commit(Compaction(G, 1, 1));
        ulong index = 1;
        while (Segments(disk) < segments)
        {
            index++;
            Append(log, index, index - 1);
        }

        index++;
        Append(log, index, index - 1);
        log.Close();
        last = EntryId.Of(1, index);
        return disk;
    }

    private static void Append(WriteAheadLog log, ulong index, ulong commit)
    {
        var write = new LogWrite();
        write.Begin(G);
        write.HardState = new HardState(new Term(1), null, new LogIndex(commit));
        write.Add(Entry(1, index, size: 4000));
        log.Commit(write);
    }

    private static string PathOf(int segment) => $"log/{Segment.NameOf((ulong)segment)}";

    private static int Segments(SimulatedDisk disk) => disk.VisibleFiles.Count(path => path.EndsWith(".log", StringComparison.Ordinal));

    private static (string Path, int At) FirstOf(SimulatedDisk disk, string path, string kind) =>
        (path, (int)LogTools.Dump(disk).First(record => $"log/{record.Segment}" == path && record.Kind == kind).Offset);

    [Theory]
    [InlineData(8_192)] // in the payload: the batch is taken, and is the one that a start writes again
    [InlineData(12_288)] // with the end of the batch
    public void An_unreadable_end_stays_damage_however_many_starts_die_of_it(int unreadable)
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        var last = EntryId.Of(1, 2);
        log.Append(G, term: 1, first: 1, last: 1);
        byte[] payload = new byte[8000];
        payload.AsSpan().Fill(7);
        var write = new LogWrite();
        write.Begin(G);
        write.Add(StoredEntry.Born(last, EntryKind.Command, payload));
        log.Commit(write);
        disk.Crash(CrashMode.LoseAll);
        disk.MakeUnreadable(PathOf(1), unreadable, 512);

        // Each start dies before its own first batch is durable, at one call after the other.
        for (int nth = 1; nth < 200; nth++)
        {
            SimulatedDisk fork = disk.Fork();
            fork.DieAtCall(nth);
            try
            {
                Open(fork).Dispose();
                break;
            }
            catch (ProcessDiedException)
            {
                fork.Crash(CrashMode.LoseAll);
            }

            using WriteAheadLog again = Open(fork);
            RecoveredGroup group = Assert.Single(again.Recovery.Groups);
            Assert.True(again.Recovery.IsDamaged, $"Silent after a start that died at call {nth}.");
            Assert.True(group.Lost is not null || group.Last == last, $"{group.Last} of {last} after a start that died at call {nth}.");
        }
    }
}
