using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Storage.Tests.SimulatedDisks;

namespace Graft.Storage.Tests.Snapshots;

/// <summary>A scripted history of a store in which each call to the disk, one after the other, is the last or goes wrong.</summary>
public sealed class SnapshotCallSweepTests
{
    /// <summary>Power is lost in each call, and of what was pending each subset survives, or many of them, whole and in part.</summary>
    [Theory]
    [InlineData(JournalOrder.Ordered)]
    [InlineData(JournalOrder.Adversarial)]
    public void Power_may_be_lost_in_any_call_with_any_part_of_what_was_pending(JournalOrder journal)
    {
        (long calls, long outcomes) = ForEachDeath(journal, Survivals.Of);

        Assert.True(calls > 100, $"{calls} calls");
        Assert.True(outcomes > 5 * calls, $"{outcomes} outcomes of {calls} calls");
    }

    [Fact]
    public void A_process_may_die_in_any_call() => ForEachDeath(JournalOrder.Ordered, _ => [after => after.Kill()]);

    /// <summary>What fails fails for good, or nothing has happened; and the next start finds what was published.</summary>
    [Theory]
    [InlineData(DiskFault.Fail)]
    [InlineData(DiskFault.NoSpace)]
    [InlineData(DiskFault.ShortRead)]
    public void Any_call_may_go_wrong(DiskFault fault)
    {
        foreach (DiskCall call in Enum.GetValues<DiskCall>().Where(call => Applies(call, fault)))
        {
            for (long nth = 1; ; nth++)
            {
                var history = new SnapshotHistory(Disk(JournalOrder.Ordered));
                SimulatedDisk disk = history.Disk;
                disk.FailCall(call, nth, fault);
                Exception? failure = null;
                try
                {
                    history.Play();
                }
                catch (Exception failed) when (failed is StorageFailedException or DiskException or SnapshotException)
                {
                    failure = failed;
                }

                if (disk.Count(fault) == 0)
                {
                    Assert.Null(failure);
                    Assert.Empty(history.Warnings);
                    break;
                }

                string line = disk.TraceLines.Single(made => made.EndsWith($": {fault}", StringComparison.Ordinal));
                bool isFinal = fault == DiskFault.Fail && call is DiskCall.Write or DiskCall.Flush or DiskCall.FlushDirectory or DiskCall.SetLength;
                Assert.True(!isFinal || failure is StorageFailedException, $"{line}, and the store goes on");
                Assert.True(call == DiskCall.Delete || history.Warnings.Count == 0, $"{line}: {string.Join(' ', history.Warnings)}");
                Assert.True(fault == DiskFault.Fail || failure is null, $"{line}: {failure}");
                foreach (Action<SimulatedDisk> crash in (Action<SimulatedDisk>[])[
                    after => after.Kill(), after => after.Crash(CrashMode.LoseAll), after => after.Crash(CrashMode.KeepAll), after => after.Crash(CrashMode.Random)])
                {
                    SimulatedDisk after = disk.Fork();
                    crash(after);
                    history.Judge(after, line);
                }
            }
        }
    }

    /// <summary>Nobody can tell a sector that is gone from one that is slow to come back: the file stays, under another name.</summary>
    [Fact]
    public void What_cannot_be_read_is_set_aside_and_the_next_older_is_taken()
    {
        var history = new SnapshotHistory(Disk(JournalOrder.Ordered));
        history.Play();
        SnapshotStore store = SnapshotStore.Open(history.Disk, Shelf.Cluster, [], Shelf.ChunkBytes);
        using (SnapshotWriter writer = store.Create(Shelf.Group, Shelf.At(20)))
        {
            writer.Write(Shelf.Content(40));
            writer.Complete();
        }

        history.Disk.MakeUnreadable(Shelf.PathOf(20), 120, 1);
        var warnings = new List<SnapshotWarning>();

        Assert.Equal(12UL, store.FindNewestValid(Shelf.Group, warnings)!.Last.Index.Value);
        Assert.Equal(Shelf.PathOf(20), Assert.Single(warnings).File);
        Assert.Contains($"{Shelf.PathOf(20)}.damaged", history.Disk.DurableFiles);
    }

    private static (long Calls, long Outcomes) ForEachDeath(JournalOrder journal, Func<SimulatedDisk, IEnumerable<Action<SimulatedDisk>>> crashes)
    {
        long outcomes = 0;
        for (long call = 1; ; call++)
        {
            var history = new SnapshotHistory(Disk(journal));
            history.Disk.DieAtCall(call);
            try
            {
                history.Play();
                Assert.Empty(history.Warnings);
                return (call - 1, outcomes);
            }
            catch (ProcessDiedException)
            {
            }

            foreach (Action<SimulatedDisk> crash in crashes(history.Disk))
            {
                SimulatedDisk after = history.Disk.Fork();
                crash(after);
                history.Judge(after, $"call {call}, {history.Disk.TraceLines.Last()}");
                outcomes++;
            }
        }
    }

    private static SimulatedDisk Disk(JournalOrder journal) =>
        new(new SeededRandom(5), new SimulatedDiskOptions { Journal = journal, TraceLines = 10_000 });

    private static bool Applies(DiskCall call, DiskFault fault) => fault switch
    {
        DiskFault.ShortRead => call == DiskCall.Read,
        DiskFault.NoSpace => call is DiskCall.CreateDirectory or DiskCall.Create or DiskCall.Rename or DiskCall.Write or DiskCall.SetLength,

        // What can't be read is damaged and set aside, below.
        _ => call != DiskCall.Read,
    };
}
