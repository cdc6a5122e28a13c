using Graft.Consensus;
using Graft.Simulation.Storage;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Log;

/// <summary>Short histories with a bit of everything, for tests that disturb each of their calls or bytes in turn.</summary>
internal static class LogScript
{
    internal static readonly GroupId Other = new(8);

    internal static readonly GroupId Third = new(9);

    private static readonly GroupId Filler = new(20);

    /// <summary>First start, appends of several groups, a change of segment, a truncation, a compaction, a mark, maintenance, stops of both kinds.</summary>
    /// <param name="driver">Of a disk on which nothing is.</param>
    /// <param name="onKill">Called behind the one end that is not in order: an end of the process forgets what was planned for it.</param>
    internal static void Play(LogDriver driver, Action? onKill = null)
    {
        driver.Open();
        for (ulong index = 1; index <= 12; index++)
        {
            Put(driver, G, write => write.Add(Entry(1, index, 7000)));
            Put(driver, Other, write => write.Add(Entry(1, index)));
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
        onKill?.Invoke();

        driver.Open();
        Put(driver, G, write => write.Start = new LogStart(EntryId.Of(1, 9), new LogIndex(1), new byte[] { 1, 2, 3 }));
        while (driver.Maintain())
        {
        }

        Put(driver, Other, write => write.IsRemoval = true);
        Put(driver, Other, write => write.Add(Entry(3, 1)));
        driver.Read(G, 10, 10, mayFail: false);
        driver.Close();
        driver.Open();
        Put(driver, G, write => write.Add(Entry(2, 11, 7000)));
        driver.Close();
    }

    /// <summary>Three segments that are needed and a recycled one, with few bytes in them: all that can be in a log is in them once or twice.</summary>
    /// <remarks>The log is open, and its last batch is acknowledged and has no mark behind it.</remarks>
    internal static void Grow(LogDriver driver)
    {
        driver.Open();
        Put(driver, G, write =>
        {
            write.HardState = new HardState(new Term(1), new NodeId(1), LogIndex.Zero, LogKind.Full);
            write.Add(Entry(1, 1));
            write.Add(StoredEntry.Born(EntryId.Of(1, 2), EntryKind.Membership, new byte[] { 4, 5, 6, 7 }));
        });
        Put(driver, Other, write => write.Add(Entry(1, 1, 40)));
        Put(driver, Other, write => write.Add(Entry(1, 2, 40)));
        FillSegment(driver);

        Put(driver, G, write =>
        {
            write.TruncateAfter = new LogIndex(1);
            write.HardState = new HardState(new Term(2), new NodeId(2), new LogIndex(1), LogKind.Full);
            write.Add(StoredEntry.Born(EntryId.Of(2, 2), EntryKind.NoOp, default));
            write.Add(Entry(2, 3) with { Payload = default, IsHeaderOnly = true });
        });
        Put(driver, Third, write => write.Start = new LogStart(EntryId.Of(1, 5), new LogIndex(3), new byte[] { 1, 2, 3 }));
        Put(driver, Third, write => write.Add(Entry(2, 6, 30)));
        FillSegment(driver);

        ulong last = driver.Of(Filler).Last.Index.Value;
        for (ulong index = last + 1; index <= last + 5; index++)
        {
            Put(driver, Filler, write => write.Add(Entry(1, index, 8000)));
        }

        Put(driver, Filler, write => write.TruncateAfter = new LogIndex(last));

        // What is live in the newest segment moves, and with the second start the file is back under another number, with its old bytes.
        for (int start = 0; start < 2; start++)
        {
            driver.Abandon();
            driver.Disk.Kill();
            driver.Open();
            driver.Mark();
        }

        Put(driver, Other, write => write.IsRemoval = true);
        Put(driver, Other, write => write.Add(Entry(3, 1)));
        Put(driver, G, write => write.Start = new LogStart(EntryId.Of(1, 1), new LogIndex(0), new byte[] { 9 }));
        Put(driver, Third, write => write.Add(Entry(2, 7, 30)));
        driver.Mark();
        Put(driver, G, write =>
        {
            write.HardState = new HardState(new Term(3), null, new LogIndex(2), LogKind.Full);
            write.Add(Entry(3, 4, 24));
        });
        Put(driver, Third, write => write.Add(Entry(3, 8)));
    }

    /// <summary>One write, in as many batches as it needs, acknowledged.</summary>
    /// <remarks>Whoever is refused for want of space lets the log look for it, and asks once more.</remarks>
    internal static void Put(LogDriver driver, GroupId group, Action<LogWrite> fill)
    {
        LogWrite write = Fill(group, fill);
        bool wasRefused = false;
        while (driver.Stage(write) is var outcome && outcome != StageOutcome.Staged)
        {
            if (outcome == StageOutcome.NoSpace)
            {
                Assert.False(wasRefused, "refused for want of space again, and there was some");
                wasRefused = true;
                driver.Maintain();
            }

            if (driver.Log!.HasStaged)
            {
                driver.Write();
                driver.Flush();
            }
        }

        driver.Write();
        driver.Flush();
    }

    internal static LogWrite Fill(GroupId group, Action<LogWrite> fill)
    {
        var write = new LogWrite();
        write.Begin(group);
        fill(write);
        return write;
    }

    // Large entries until one of them doesn't fit: few records take much room.
    private static void FillSegment(LogDriver driver)
    {
        int before = SegmentCount(driver);
        while (SegmentCount(driver) == before)
        {
            Put(driver, Filler, write => write.Add(Entry(1, driver.Of(Filler).Last.Index.Value + 1, 8000)));
        }
    }

    private static int SegmentCount(LogDriver driver) =>
        driver.Disk.VisibleFiles.Count(path => path.EndsWith(".log", StringComparison.Ordinal));
}
