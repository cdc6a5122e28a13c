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
    public void Many_histories_lose_nothing_and_invent_nothing()
    {
        for (ulong seed = 300; seed < 340; seed++)
        {
            LogSeedReport report = LogWorld.Run(seed, new LogRunSettings());
            Assert.True(report.Failure is null, $"./swarm --layer log --seeds 1 --from {seed}: {report.Failure}");
        }
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
            { 667, "that groups may be missing was said by one start only, which died" },
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

    /// <summary>A scripted history that dies in each of its calls, with nothing, all, and drawn parts of what was pending.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_process_may_die_in_any_call(bool isKilledFirst)
    {
        for (long call = 1; ; call++)
        {
            var disk = new SimulatedDisk(new SeededRandom(5));
            var driver = new LogDriver(disk, Options);
            disk.DieAtCall(call);
            try
            {
                Script(driver, call);
                Assert.True(call > 100);
                return;
            }
            catch (ProcessDiedException)
            {
            }

            driver.Abandon();
            for (int outcome = 0; outcome < 6; outcome++)
            {
                SimulatedDisk after = disk.Fork();
                if (isKilledFirst)
                {
                    after.Kill();
                }
                else
                {
                    after.Crash(outcome switch { 0 => CrashMode.LoseAll, 1 => CrashMode.KeepAll, _ => CrashMode.Random });
                }

                LogDriver judge = driver.On(after);
                Reopen(judge, call);
                judge.Abandon();
                after.Crash(CrashMode.LoseAll);
                Reopen(judge, call);
                judge.Close();
            }
        }
    }

    /// <summary>One call fails, whichever: the log is over or goes on, and the next start finds what was acknowledged.</summary>
    [Fact]
    public void Any_call_may_fail()
    {
        for (long call = 1; ; call++)
        {
            var disk = new SimulatedDisk(new SeededRandom(5));
            var driver = new LogDriver(disk, Options);
            disk.FailCall(call);
            try
            {
                Script(driver, 0);
                if (disk.CallCount < call)
                {
                    return;
                }
            }
            catch (StorageFailedException)
            {
            }

            driver.Abandon();
            disk.Crash(CrashMode.Drawn);
            Reopen(driver, call);
        }
    }

    private static void Reopen(LogDriver judge, long call)
    {
        try
        {
            judge.Open();
        }
        catch (InvariantViolationException violation)
        {
            Assert.Fail($"call {call}: {violation.Message}");
        }
    }

    // First start, appends of several groups, a change of segment, a truncation, a compaction, a mark, maintenance, stops of both kinds.
    private static void Script(LogDriver driver, long diesAt)
    {
        driver.Open();
        var other = new GroupId(8);
        for (ulong index = 1; index <= 12; index++)
        {
            Put(driver, G, write => write.Add(Entry(1, index, 7000)));
            Put(driver, other, write => write.Add(Entry(1, index)));
        }

        Put(driver, G, write =>
        {
            write.TruncateAfter = new LogIndex(9);
            write.HardState = new HardState(new Term(2), new NodeId(1), new LogIndex(9));
            write.Add(Entry(2, 10));
        });
        driver.Mark();
        driver.Abandon();
        driver.Disk.Kill();
        if (diesAt > driver.Disk.CallCount)
        {
            driver.Disk.DieAtCall(diesAt - driver.Disk.CallCount);
        }

        driver.Open();
        Put(driver, G, write => write.Start = new LogStart(EntryId.Of(1, 9), new LogIndex(1), new byte[] { 1, 2, 3 }));
        while (driver.Maintain())
        {
        }

        Put(driver, other, write => write.IsRemoval = true);
        Put(driver, other, write => write.Add(Entry(3, 1)));
        driver.Close();
        driver.Open();
        Put(driver, G, write => write.Add(Entry(2, 11, 7000)));
        driver.Close();
    }

    private static void Put(LogDriver driver, GroupId group, Action<LogWrite> fill)
    {
        var write = new LogWrite();
        write.Begin(group);
        fill(write);
        while (driver.Stage(write) == StageOutcome.BatchFull)
        {
            driver.Write();
            driver.Flush();
        }

        driver.Write();
        driver.Flush();
    }
}
