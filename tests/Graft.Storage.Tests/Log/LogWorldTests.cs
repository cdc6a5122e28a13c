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
