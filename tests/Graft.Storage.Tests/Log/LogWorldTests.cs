using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Simulation.Storage;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Log;

/// <summary>Histories of the log on a disk that crashes, fails and fills, and what they found.</summary>
public sealed class LogWorldTests
{
    /// <summary>Seeds that failed once. After a change of the generator they are some among others; the numbers stay for the history.</summary>
    public static TheoryData<ulong, string> Found =>
        new()
        {
            { 2, "a segment was retired between two that stayed, and the gap was called damage" },
            { 11, "a group that was removed and founded again had the entries of its first life back" },
            { 21, "what a killed process had not flushed was built on, and gone when power was lost" },
            { 22, "the start of a removed group stayed when it was founded again" },
            { 34, "an entry that was replaced later counted as stale for good" },
            { 99, "a group founded again in the first batch of a segment lost what that batch brought" },
            { 335, "an entry that was moved in the first batch of a segment wasn't believed, because the row behind it says how far the log goes" },
            { 146, "a write that was refused brought its group into being" },
            { 1324, "a copy of identity that could not be read once was called damaged, and the node was told to begin anew" },
            { 2152, "a death that was planned for the last life of the process came in the judge's own start (the simulator's fault)" },
        };

    [Theory]
    [MemberData(nameof(Found))]
    public void A_seed_that_failed_once(ulong seed, string found)
    {
        LogSeedReport report = LogWorld.Run(seed, new LogRunSettings());

        Assert.True(report.Failure is null, $"{found}: {report.Failure}");
    }

    [Fact]
    public void Many_histories_lose_nothing_and_invent_nothing() => RunSeeds(300, 420, new LogRunSettings());

    /// <summary>Writes that reach the platter in another place, or not at all: what they cost is known to be lost, and wrong data never come back.</summary>
    [Fact]
    public void Lost_and_misdirected_writes_are_known_by_what_they_cost() =>
        Assert.InRange(RunSeeds(300, 360, new LogRunSettings { AllowsFalseWrites = true }), 20, long.MaxValue);

    private static long RunSeeds(ulong from, ulong end, LogRunSettings settings)
    {
        long damages = 0;
        for (ulong seed = from; seed < end; seed++)
        {
            LogSeedReport report = LogWorld.Run(seed, settings);
            Assert.True(report.Failure is null, $"./swarm --layer log --seeds 1 --from {seed}{(settings.AllowsFalseWrites ? " --rot" : "")}: {report.Failure}");
            damages += report.Damages;
        }

        return damages;
    }

    /// <summary>With damage to the medium. Seeds that failed once, as above.</summary>
    public static TheoryData<ulong, string> FoundWithRot =>
        new()
        {
            { 71, "a mark in a sector that can't be read counted as none, and what it proved was dropped as torn" },
            { 106, "a group that was removed and founded again in what was damaged had the start of its first life" },
            { 129, "the newest segment was missing, and the batches that followed had numbers that were in use" },
            { 6, "a retired segment with a bad sector became a spare, and the log that ended there was called damaged" },
            { 252, "the same, with half a batch in it" },
            { 316, "the segment's beginning was missing, nothing older was there, and the rest was taken for all" },
            { 574, "a start after a clean stop went on in a segment with a bad sector ahead" },
            { 584, "all was lost and nothing said so on disk: a retired segment came back with power, and with it its groups" },
            { 916, "a start dropped the last batch, as it may, and died; the judge no longer knew that it may (the judge's fault)" },
            { 667, "that groups may be missing was said by one start only, which died" },
            { 1412, "a group was founded again in what was damaged, its entries were named by runs, and it had the start of its first life" },
        };

    [Theory]
    [MemberData(nameof(FoundWithRot))]
    public void A_seed_that_failed_once_with_rot(ulong seed, string found)
    {
        LogSeedReport report = LogWorld.Run(seed, new LogRunSettings { AllowsRot = true });

        Assert.True(report.Failure is null, $"{found}: {report.Failure}");
    }

    [Fact]
    public void Rot_is_found_and_told_or_costs_nothing()
    {
        long losses = 0;
        for (ulong seed = 1400; seed < 1425; seed++)
        {
            LogSeedReport report = LogWorld.Run(seed, new LogRunSettings { AllowsRot = true });
            Assert.True(report.Failure is null, $"./swarm --layer log --rot --seeds 1 --from {seed}: {report.Failure}");
            losses += report.Losses;
        }

        Assert.True(losses > 0);
    }

    [Fact]
    public void A_seed_is_one_history()
    {
        ulong digest = LogWorld.Run(7, new LogRunSettings()).Digest;
        LogWorld.Run(8, new LogRunSettings());

        Assert.Equal(digest, LogWorld.Run(7, new LogRunSettings()).Digest);
    }

    [Fact]
    public void An_unreadable_payload_of_zeros_is_not_there()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        var write = new LogWrite();
        write.Begin(G);
        write.Add(StoredEntry.Born(EntryId.Of(1, 1), EntryKind.Command, new byte[8000]));
        log.Commit(write);
        log.Append(G, term: 1, first: 2, last: 2);
        disk.Crash(CrashMode.LoseAll);
        disk.MakeUnreadable("log/0000000000000001.log", 8192, 512);

        using WriteAheadLog again = Open(disk);

        Assert.Equal(new LostEntries(EntryId.Of(1, 2)), Assert.Single(again.Recovery.Groups).Lost);
    }

    /// <summary>Seed 1228: a write that failed in part, a flush that failed on it and its repair, and another that failed in part.</summary>
    [Fact]
    public void An_identity_that_only_the_page_cache_shows_is_not_the_one_that_is_kept()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var disk = new SimulatedDisk(new SeededRandom(seed));
            Open(disk).Dispose();
            DiskCall[] calls = [DiskCall.Write, DiskCall.Flush, DiskCall.Write];
            for (int i = 0; i < calls.Length; i++)
            {
                disk.FailCall(calls[i], 1 + (long)((seed >> i) % 2));
                try
                {
                    Open(disk).Dispose();
                }
                catch (StorageFailedException)
                {
                }

                disk.Kill();
            }

            disk.StopFaults();
            disk.Crash(CrashMode.Random);
            Open(disk).Dispose();
        }
    }

    /// <summary>Seed 1324: one copy torn by a write that failed, and of the other a read that failed once.</summary>
    [Fact]
    public void An_identity_that_cannot_be_read_now_is_not_called_damaged()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        Open(disk).Close();
        disk.FlipBit("identity", 4096 + 20, 0);
        disk.FailCall(DiskCall.Read, 1);

        StorageFailedException failure = Assert.Throws<StorageFailedException>(() => Open(disk));
        Assert.Equal("identity", failure.Path);
        disk.Kill();

        Open(disk).Close();
    }

    [Fact]
    public void While_a_flush_hangs_nothing_is_acknowledged_and_others_read()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        log.Append(G, term: 1, first: 1, last: 1);
        ulong before = log.DurableBatch;
        (ulong Durable, int Read, EntryId Kept)? seen = null;
        disk.WhileStalled = () =>
        {
            SimulatedDisk fork = disk.Fork();
            fork.Crash(CrashMode.LoseAll);
            using WriteAheadLog other = Open(fork);
            seen = (log.DurableBatch, log.ReadAll(G, 1, 2).Count, other.LastOf(G));
        };
        disk.FailCall(DiskCall.Flush, 1, DiskFault.Stall);

        FlushToken token = log.Append(G, term: 1, first: 2, last: 2);

        Assert.Equal((before, 2, EntryId.Of(1, 1)), seen);
        Assert.Equal(before + 1, token.Batch);
        disk.Crash(CrashMode.LoseAll);
        using WriteAheadLog again = Open(disk);
        Assert.Equal(EntryId.Of(1, 2), again.LastOf(G));
    }

    /// <summary>Seed 90: nothing tidied up for so long that the first batch of a segment, which names all that lives, was larger than a block.</summary>
    [Fact]
    public void A_start_after_a_crash_finds_room_for_the_places_of_all_entries()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        for (ulong index = 1; index <= 700; index++)
        {
            log.Append(G, term: index, index, index);
        }

        disk.Crash(CrashMode.LoseAll);
        using WriteAheadLog again = Open(disk);

        Assert.Equal(EntryId.Of(700, 700), Assert.Single(again.Recovery.Groups).Last);
        again.Append(G, term: 701, 701, 701);
    }

    /// <summary>Seed 1 with false writes: a start that has nothing else to write, and whose host has heard its number.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_lost_write_of_identity_gives_no_number_twice(int lost)
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        log.Append(G, term: 1, first: 1, last: 1);
        log.Close();
        disk.FailCall(DiskCall.Write, lost, DiskFault.LostWrite);
        WriteAheadLog second = Open(disk);
        Assert.Equal(1, disk.Count(DiskFault.LostWrite));
        second.Dispose();
        disk.Crash(CrashMode.LoseAll);

        using WriteAheadLog third = Open(disk);

        Assert.True(third.Incarnation > second.Incarnation, $"{third.Incarnation} after {second.Incarnation}");
    }

    /// <summary>By reading: the log alone knew of the last starts, and one that wrote nothing told nobody.</summary>
    [Fact]
    public void A_start_that_the_log_knows_of_and_identity_does_not_gives_its_number_once()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        Open(disk).Close();
        byte[] earlier = disk.ReadDurable("identity");
        for (ulong i = 1; i <= 3; i++)
        {
            WriteAheadLog log = Open(disk);
            log.Append(G, term: 1, i, i);
            log.Close();
        }

        using (IDiskFile identity = disk.Open("identity", DiskAccess.ReadWrite))
        {
            identity.Write(earlier, 0);
            identity.Flush();
        }

        WriteAheadLog second = Open(disk);
        second.Dispose();
        disk.Crash(CrashMode.LoseAll);
        using WriteAheadLog third = Open(disk);

        Assert.True(third.Incarnation > second.Incarnation, $"{third.Incarnation} after {second.Incarnation}");
    }

    /// <summary>By reading: a start made a spare of a segment whose first batch was torn, and died before it began the next one.</summary>
    [Fact]
    public void The_number_of_a_segment_that_was_never_finished_is_not_given_again()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        log.Append(G, term: 1, 1, 1);
        for (ulong i = 2; disk.VisibleFiles.Count(path => path.EndsWith(".log", StringComparison.Ordinal)) == 1; i++)
        {
            log.WriteUnflushed(Entry(1, i, 4000));
            if (disk.VisibleFiles.Count(path => path.EndsWith(".log", StringComparison.Ordinal)) == 1)
            {
                log.Flush();
            }
        }

        // The second segment has its name and no batch.
        disk.Crash(CrashMode.LoseAll);
        for (int nth = 1; nth < 80; nth++)
        {
            SimulatedDisk fork = disk.Fork();
            fork.DieAtCall(nth);
            try
            {
                Open(fork).Dispose();
                Assert.True(nth > 20);
                return;
            }
            catch (ProcessDiedException)
            {
                fork.Kill();
            }

            WriteAheadLog again = Open(fork);
            again.Dispose();
            string newest = fork.VisibleFiles.Last(path => path.EndsWith(".log", StringComparison.Ordinal));
            Assert.True(string.CompareOrdinal(newest, $"log/{Segment.NameOf(3)}") >= 0, $"{newest} after a start that died at call {nth}");
        }
    }

    /// <summary>Seed 604 with false writes: what proved that a batch was durable lay in the midst of it.</summary>
    [Fact]
    public void A_batch_that_landed_in_the_one_before_it_proves_that_one()
    {
        var disk = new MemoryDisk();
        WriteAheadLog log = Open(disk);
        log.Append(G, term: 1, first: 1, last: 1);
        log.Append(G, term: 1, first: 2, last: 2, size: 8000);
        log.Append(G, term: 1, first: 3, last: 3);
        log.Dispose();
        LogRecord large = Assert.Single(LogTools.Dump(disk), record => record.Id.Index == new LogIndex(2) && record.IsEntry);
        LogRecord last = Assert.Single(LogTools.Dump(disk), record => record.Id.Index == new LogIndex(3) && record.IsEntry);
        using (IDiskFile file = disk.Open($"log/{last.Segment}", DiskAccess.ReadWrite))
        {
            byte[] batch = new byte[1024];
            file.TryReadFully(batch, last.Offset);
            file.Write(new byte[batch.Length], last.Offset);
            file.Write(batch, large.Offset + 1024);
        }

        using WriteAheadLog again = Open(disk);

        Assert.Equal(new LostEntries(EntryId.Of(1, 2)), Assert.Single(again.Recovery.Groups).Lost);
    }

    /// <summary>A client knows the format and not the salt. Without one its payload is taken for a record as soon as the real one rots.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(0x1234_5678_9ABC_DEF0, false)]
    public void A_forged_record_in_a_payload_is_not_taken(ulong salt, bool isTaken)
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        LogOptions options = Options with { Salt = salt };
        WriteAheadLog log = WriteAheadLog.Open(disk, options);
        log.Append(G, term: 1, first: 1, last: 1);
        byte[] payload = new byte[RecordHeader.Size];
        var forged = new RecordHeader { Kind = RecordKind.Truncate, Group = G.Value, Sequence = 1000, Batch = 900, Segment = 1 };
        forged.Write(payload, salt: 0);
        var write = new LogWrite();
        write.Begin(G);
        write.Add(StoredEntry.Born(EntryId.Of(1, 2), EntryKind.Command, payload));
        log.Commit(write);
        log.Append(G, term: 1, first: 3, last: 3);
        disk.Crash(CrashMode.LoseAll);
        int at = disk.ReadDurable("log/0000000000000001.log").AsSpan().IndexOf(payload);
        disk.FlipBit("log/0000000000000001.log", at - RecordHeader.Size, 0);

        using WriteAheadLog again = WriteAheadLog.Open(disk, options);

        Assert.Equal(isTaken, Assert.Single(again.Recovery.Groups).Lost != new LostEntries(EntryId.Of(1, 3)));
    }

    /// <summary>Seed 232 of the sweeps: of two renames a crash left the second alone, and a segment and a spare were one file.</summary>
    [Fact]
    public void No_crash_leaves_two_names_for_one_segment()
    {
        for (ulong seed = 1; seed <= 60; seed++)
        {
            var disk = new SimulatedDisk(new SeededRandom(seed), new SimulatedDiskOptions { Journal = JournalOrder.Adversarial });
            WriteAheadLog log = Open(disk);
            log.Append(G, term: 1, first: 1, last: 3);
            log.Dispose();
            disk.Kill();

            // The start copies into a second segment, and the first becomes a spare; the third takes it.
            log = Open(disk);
            log.Commit(Compaction(G, 1, 3));
            disk.FailCall(DiskCall.FlushDirectory, 1 + (long)(seed % 2));
            try
            {
                for (ulong index = 4; index <= 40; index++)
                {
                    log.Append(G, term: 1, index, index, size: 4000);
                }
            }
            catch (StorageFailedException)
            {
            }

            disk.StopFaults();
            for (int starts = 0; starts < 4; starts++)
            {
                disk.Crash(starts == 0 ? CrashMode.Random : CrashMode.LoseAll);
                using WriteAheadLog again = Open(disk);
                Assert.False(again.Recovery.IsDamaged, $"seed {seed}: {string.Join(' ', again.Recovery.Notes)}");
                ulong next = again.LastOf(G).Index.Value + 1;
                again.Append(G, term: 2, next, next);
            }
        }
    }

    [Fact]
    public void A_bad_sector_behind_an_entry_does_not_hide_the_entry()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        for (ulong index = 1; index <= 60; index++)
        {
            log.Append(G, term: 1, index, index, size: 800);
        }

        disk.MakeUnreadable("log/0000000000000001.log", 12_288, 512);
        var buffer = new EntryBuffer();

        Assert.Equal(LogReadOutcome.Read, log.Read(G, new LogIndex(1), new LogIndex(1), buffer));
    }
}
