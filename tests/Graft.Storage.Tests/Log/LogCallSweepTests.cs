using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Simulation.Storage;
using Graft.Storage.Tests.SimulatedDisks;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Log;

/// <summary>A scripted history in which each call to the disk, one after the other, is the one that goes wrong.</summary>
public sealed class LogCallSweepTests
{
    /// <summary>Power is lost in each call, and of what was pending each subset survives, or many of them, whole and in part.</summary>
    [Theory]
    [InlineData(JournalOrder.Ordered)]
    [InlineData(JournalOrder.Adversarial)]
    public void Power_may_be_lost_in_any_call_with_any_part_of_what_was_pending(JournalOrder journal)
    {
        int outcomes = 0;
        long calls = ForEachDeath(journal, (driver, at) =>
        {
            foreach (Action<SimulatedDisk> crash in Survivals.Of(driver.Disk))
            {
                outcomes++;
                JudgeAfter(driver, crash, at);
            }
        });

        Assert.True(calls > 150, $"{calls} calls");
        Assert.True(outcomes > 5 * calls, $"{outcomes} outcomes of {calls} calls");
    }

    /// <summary>The process dies in each call and another goes on from what shows; then power is lost with all that was never flushed.</summary>
    [Fact]
    public void A_process_may_die_in_any_call() =>
        ForEachDeath(JournalOrder.Ordered, (driver, at) => JudgeAfter(driver, disk => disk.Kill(), at));

    /// <summary>EIO. What was asked may have been done, in part, or not at all.</summary>
    [Fact]
    public void Any_call_may_fail() => ForEachFault(
        null,
        DiskFault.Fail,
        (line, failure) =>
        {
            bool isChange = line.StartsWith("write", StringComparison.Ordinal) || line.StartsWith("flush", StringComparison.Ordinal);
            Assert.True(!isChange || failure is not null, $"{line}, and the log goes on");
        });

    [Theory]
    [InlineData(DiskCall.CreateDirectory)]
    [InlineData(DiskCall.Open)]
    [InlineData(DiskCall.Create)]
    [InlineData(DiskCall.Rename)]
    [InlineData(DiskCall.FlushDirectory)]
    [InlineData(DiskCall.Lock)]
    [InlineData(DiskCall.ListFiles)]
    [InlineData(DiskCall.FileExists)]
    public void Any_call_may_be_denied(DiskCall call) => ForEachFault(call, DiskFault.Deny, (_, _) => { });

    /// <summary>No room for a segment refuses what was to be written, and room heals it. No room for what was promised room is the end.</summary>
    [Theory]
    [InlineData(DiskCall.CreateDirectory)]
    [InlineData(DiskCall.Create)]
    [InlineData(DiskCall.Rename)]
    [InlineData(DiskCall.Lock)]
    [InlineData(DiskCall.Write)]
    [InlineData(DiskCall.SetLength)]
    public void Any_call_may_find_no_space(DiskCall call) => ForEachFault(
        call,
        DiskFault.NoSpace,
        (line, failure) =>
        {
            bool isForSegment = line.Contains("log/spare-", StringComparison.Ordinal)
                && (line.StartsWith("create", StringComparison.Ordinal) || line.Contains($" {Options.SegmentBytes} B", StringComparison.Ordinal));
            bool isOfBatch = line.StartsWith("write log", StringComparison.Ordinal) && !isForSegment;
            Assert.True(!isForSegment || failure is null, $"{line}, and the log is over: {failure}");
            Assert.True(!isOfBatch || failure is not null, $"{line}, and the log goes on");
        });

    [Fact]
    public void Any_read_may_be_short() =>
        ForEachFault(DiskCall.Read, DiskFault.ShortRead, (line, failure) => Assert.True(failure is null, $"{line}: {failure}"));

    private static long ForEachDeath(JournalOrder journal, Action<LogDriver, string> judge)
    {
        for (long call = 1; ; call++)
        {
            LogDriver driver = Begin(journal);
            SimulatedDisk disk = driver.Disk;
            disk.DieAtCall(call);
            try
            {
                LogScript.Play(driver, () =>
                {
                    if (call > disk.CallCount)
                    {
                        disk.DieAtCall(call - disk.CallCount);
                    }
                });
                return call - 1;
            }
            catch (ProcessDiedException)
            {
                driver.Abandon();
                judge(driver, disk.TraceLines.Last());
            }
        }
    }

    private static void ForEachFault(DiskCall? call, DiskFault fault, Action<string, StorageFailedException?> law)
    {
        for (long nth = 1; ; nth++)
        {
            LogDriver driver = Begin(JournalOrder.Ordered);
            SimulatedDisk disk = driver.Disk;
            if (call is { } kind)
            {
                disk.FailCall(kind, nth, fault);
            }
            else
            {
                disk.FailCall(nth);
            }

            StorageFailedException? failure = null;
            try
            {
                LogScript.Play(driver);
            }
            catch (StorageFailedException failed)
            {
                failure = failed;
            }

            if (disk.Count(fault) == 0)
            {
                Assert.Null(failure);
                Assert.True(nth > 1 || call == DiskCall.SetLength || call == DiskCall.CreateDirectory, $"no {call}");
                return;
            }

            string line = disk.TraceLines.Single(made => made.EndsWith($": {fault}", StringComparison.Ordinal));
            law(line, failure);
            if (failure is not null && driver.Log is { } log)
            {
                // Once over, over for good, whatever the disk would do now.
                Assert.NotNull(log.Failure);
                Assert.Throws<StorageFailedException>(() => log.Stage(LogScript.Fill(G, write => write.HardState = default(HardState))));
                Assert.Throws<StorageFailedException>(() => log.Flush());
            }

            driver.Abandon();
            foreach (Action<SimulatedDisk> crash in (Action<SimulatedDisk>[])[
                after => after.Kill(), after => after.Crash(CrashMode.LoseAll), after => after.Crash(CrashMode.KeepAll), after => after.Crash(CrashMode.Random)])
            {
                JudgeAfter(driver, crash, line);
            }
        }
    }

    private static LogDriver Begin(JournalOrder journal) =>
        new(new SimulatedDisk(new SeededRandom(5), new SimulatedDiskOptions { Journal = journal, TraceLines = 10_000 }), Options);

    // What is found is right, and still there when power is lost once more with all that nobody has flushed; and it can be built on.
    private static void JudgeAfter(LogDriver driver, Action<SimulatedDisk> crash, string at)
    {
        SimulatedDisk after = driver.Disk.Fork();
        crash(after);
        LogDriver judge = driver.On(after);
        try
        {
            judge.Open();
            judge.Abandon();
            after.Crash(CrashMode.LoseAll);
            judge.Open();
            LogScript.Put(judge, G, write => write.Add(Entry(9, judge.Of(G).Last.Index.Value + 1)));
            judge.Close();
        }
        catch (InvariantViolationException violation)
        {
            Assert.Fail($"{at}; {after.TraceLines.FirstOrDefault(line => line.StartsWith("power loss", StringComparison.Ordinal))}: {violation.Message}");
        }
    }
}
