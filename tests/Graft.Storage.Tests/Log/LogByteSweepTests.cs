using System.Globalization;
using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Simulation.Storage;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Log;

/// <summary>One small log in which each byte, one after the other, is not what was written, and one whose last write ends at each byte.</summary>
/// <remarks>GRAFT_SWEEP_BITS (1 unless set, at most 8) says how many of a byte's bits are flipped in turn; all of it takes some minutes.</remarks>
public sealed class LogByteSweepTests
{
    // In the middle of a large payload one byte is like another.
    private const int SmallBytes = 128;
    private const int StrideInLarge = 97;

    private static readonly int BitsPerByte =
        int.TryParse(Environment.GetEnvironmentVariable("GRAFT_SWEEP_BITS"), NumberStyles.None, CultureInfo.InvariantCulture, out int bits) ? Math.Clamp(bits, 1, 8) : 1;

    /// <summary>Nothing acknowledged is wrong or lost without a word: behind the last batch lies a mark.</summary>
    [Fact]
    public void A_flip_anywhere_in_a_log_that_was_closed_is_healed_or_said()
    {
        LogDriver driver = Begin();
        driver.Close();
        (int flips, int harmless, int losses) = FlipAll(driver, isMarked: true, _ => true);

        Assert.True(flips > 2000, $"{flips} flips");
        Assert.True(harmless > 0 && losses > flips / 4, $"{harmless} without effect, {losses} cost entries");
    }

    /// <summary>The same without the mark: only the last batch may be taken for one that was never acknowledged.</summary>
    [Fact]
    public void A_flip_anywhere_in_a_log_that_ended_in_a_crash_costs_the_last_batch_at_most_unseen()
    {
        LogDriver driver = Begin();
        driver.Abandon();
        driver.Disk.Crash(CrashMode.LoseAll);
        string newest = Segments(driver.Disk)[^1];
        FlipAll(driver, isMarked: false, path => path == newest);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_last_write_that_ends_at_any_byte_was_never_acknowledged_or_is_whole(bool isRecycled)
    {
        LogDriver driver = Begin();
        SimulatedDisk before = driver.Disk.Fork();
        foreach (GroupId group in (GroupId[])[G, LogScript.Other, LogScript.Third])
        {
            LogWrite write = LogScript.Fill(group, filled =>
            {
                ulong last = driver.Of(group).Last.Index.Value;
                filled.HardState = new HardState(new Term(7), new NodeId(3), new LogIndex(1));
                filled.Add(Entry(7, last + 1, 100));
                filled.Add(Entry(7, last + 2));
            });
            Assert.Equal(StageOutcome.Staged, driver.Stage(write));
        }

        driver.Write();
        PendingItem batch = driver.Disk.Pending.Last(item => item.Kind == PendingKind.Data);
        string path = Segments(driver.Disk)[^1];
        byte[] written = driver.Disk.ReadVisible(path).AsSpan((int)batch.Offset, (int)batch.Bytes).ToArray();
        byte[] old = before.ReadVisible(path)[(int)batch.Offset..];
        Assert.True(old.AsSpan(0, written.Length).ContainsAnyExcept((byte)0), "the segment should have been used before");
        if (!isRecycled)
        {
            old.AsSpan().Clear();
        }

        driver.Abandon();
        int torn = 0;
        for (int cut = 0; cut <= written.Length; cut++)
        {
            // The front arrived, or the back alone.
            foreach (bool isFront in (bool[])[true, false])
            {
                SimulatedDisk after = before.Fork();
                after.Kill();
                byte[] mixed = [.. old];
                (isFront ? written.AsSpan(0, cut) : written.AsSpan(cut)).CopyTo(mixed.AsSpan(isFront ? 0 : cut));
                using (IDiskFile file = after.Open(path, DiskAccess.ReadWrite))
                {
                    file.Write(mixed, batch.Offset);
                    file.Flush();
                }

                LogDriver judge = driver.On(after);
                Judge(judge, $"{(isFront ? "front" : "back")} of {cut}");

                // Where zeros were, the zeros that it ends with need not arrive.
                bool isWhole = mixed.AsSpan(0, written.Length).SequenceEqual(written);
                Assert.Equal(isWhole ? driver.Of(G).Last : EntryId.Of(3, 4), judge.Log!.LastOf(G));
                bool isSaid = judge.Log.Recovery.Notes.Any(note => note.Contains("cut short by a crash", StringComparison.Ordinal));
                Assert.False(isWhole && isSaid);
                Assert.True(isWhole || isSaid || !isFront || cut < RecordHeader.Size, $"a torn end after {cut} bytes isn't said");
                torn += isSaid ? 1 : 0;
            }
        }

        Assert.True(torn > written.Length, $"{torn} torn ends of {written.Length} bytes were said");
    }

    /// <summary>A disk that forgot a durable end, which no honest disk does: what is there is right, and no start fails.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_newest_segment_that_ends_at_any_sector_says_nothing_wrong(bool isRecycled)
    {
        LogDriver driver = Begin();
        driver.Close();
        string path = Segments(driver.Disk)[^1];
        byte[] whole = driver.Disk.ReadVisible(path);
        for (int cut = 0; cut < whole.Length; cut += 512)
        {
            SimulatedDisk after = driver.Disk.Fork();
            for (int at = cut; at < whole.Length; at += 512)
            {
                after.LoseSector(path, at, isRecycled ? LostSectorContent.Old : LostSectorContent.Zeros);
            }

            LogDriver judge = driver.On(after);
            judge.IsRotten = true;
            Judge(judge, $"the end from {cut} on is lost");
        }
    }

    private static LogDriver Begin()
    {
        var driver = new LogDriver(new SimulatedDisk(new SeededRandom(5)), Options);
        LogScript.Grow(driver);
        Assert.True(Segments(driver.Disk).Length >= 3);
        return driver;
    }

    private static string[] Segments(SimulatedDisk disk) =>
        [.. disk.VisibleFiles.Where(path => path.EndsWith(".log", StringComparison.Ordinal))];

    private static (int Flips, int Harmless, int Losses) FlipAll(LogDriver driver, bool isMarked, Func<string, bool> isMeant)
    {
        (int flips, int harmless, int losses) = (0, 0, 0);
        foreach (string path in driver.Disk.DurableFiles.Where(path => path != "lock" && isMeant(path)))
        {
            byte[] bytes = driver.Disk.ReadDurable(path);
            foreach (int at in Places(bytes))
            {
                // One bit, another at each place, and now and then half of a byte.
                for (int i = 0; i < BitsPerByte; i++)
                {
                    int mask = at % 16 == 0 && i == 0 ? 0xA5 : 1 << ((at + i) % 8);
                    SimulatedDisk after = driver.Disk.Fork();
                    for (int bit = 0; bit < 8; bit++)
                    {
                        if ((mask >> bit & 1) != 0)
                        {
                            after.FlipBit(path, at, bit);
                        }
                    }

                    flips++;
                    LogDriver judge = driver.On(after);
                    judge.IsRotten = true;
                    Judge(judge, $"{path} @{at} ^ {mask:x2}");
                    bool isLost = judge.Live.Values.Any(group => group.Lost is not null);
                    losses += isLost ? 1 : 0;
                    harmless += judge.Log!.Recovery.Notes.IsEmpty ? 1 : 0;
                    if (isMarked)
                    {
                        RequireSaid(driver, judge, $"{path} @{at} ^ {mask:x2}");
                    }
                }
            }
        }

        return (flips, harmless, losses);
    }

    // Stricter than what many damages at once are held to: every group is all that it was, or says that it isn't.
    private static void RequireSaid(LogDriver driver, LogDriver judge, string where)
    {
        foreach ((ulong id, GroupState state) in driver.Live)
        {
            if (!judge.Live.TryGetValue(id, out GroupState? found))
            {
                Assert.True(judge.Log!.Recovery.MayLackGroups, $"{where}: g{id} is gone");
            }
            else if (found.Lost is null)
            {
                Assert.True(LogCompare.Differ(state, found) is null, $"{where}: g{id} {LogCompare.Differ(state, found)}");
            }
            else
            {
                Assert.True(found.Lost.HighestAcknowledged is not { } highest || highest.IsAtLeastAsUpToDateAs(state.Last), $"{where}: g{id} may have acknowledged up to {found.Lost}, and it did up to {state.Last}");
            }
        }
    }

    private static void Judge(LogDriver judge, string where)
    {
        try
        {
            judge.Open();
        }
        catch (Exception failure) when (failure is InvariantViolationException or StorageFailedException or StorageRefusedException)
        {
            Assert.Fail($"{where}: {failure.Message}");
        }
    }

    // Every byte that isn't within a large payload or among zeros, and some of those.
    private static IEnumerable<int> Places(byte[] bytes)
    {
        bool[] isSparse = new bool[bytes.Length];
        for (int at = 0; at < bytes.Length;)
        {
            int zeros = bytes.AsSpan(at).IndexOfAnyExcept((byte)0);
            int end = zeros < 0 ? bytes.Length : at + zeros;
            if (end - at > SmallBytes)
            {
                isSparse.AsSpan(at, end - at).Fill(true);
            }

            at = end + 1;
        }

        foreach (int record in Fuzzing.HostileLog.Records(bytes))
        {
            int length = (int)RecordHeader.Read(bytes.AsSpan(record)).Length;
            if (length > SmallBytes && RecordHeader.Read(bytes.AsSpan(record)).Kind == RecordKind.Command)
            {
                isSparse.AsSpan(record + RecordHeader.Size + 16, length - 32).Fill(true);
            }
        }

        for (int at = 0; at < bytes.Length; at++)
        {
            if (!isSparse[at] || at % StrideInLarge == 0)
            {
                yield return at;
            }
        }
    }
}
