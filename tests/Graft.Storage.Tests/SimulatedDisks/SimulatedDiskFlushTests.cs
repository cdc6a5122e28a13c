using Graft.Simulation.Disks;
using static Graft.Storage.Tests.SimulatedDisks.DiskLab;

namespace Graft.Storage.Tests.SimulatedDisks;

/// <summary>Flushes that fail, and flushes that lie.</summary>
public sealed class SimulatedDiskFlushTests
{
    [Fact] // H06: a flush was repeated after it had failed.
    public void A_failed_flush_leaves_the_pages_clean_and_a_second_one_succeeds_on_nothing()
    {
        SortedSet<int> survivors = [];
        for (ulong seed = 0; seed < 100; seed++)
        {
            SimulatedDisk disk = Holding("a", [1], seed);
            using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
            file.Write([2], 0);
            disk.FailCall(DiskCall.Flush, 1);

            Assert.Equal(DiskError.Failed, ErrorOf(file.Flush));
            Assert.Equal(0, disk.PendingCount);
            file.Flush();

            disk.Crash(CrashMode.KeepAll);
            survivors.Add(disk.ReadAll("a")[0]);
        }

        Assert.Equal([1, 2], survivors);
    }

    [Fact]
    public void After_a_failed_flush_reads_show_the_new_data_or_the_old_ones()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            byte kept = AfterFailedFlush(seed, FailedFlushView.Kept, out byte onPlatterOfKept);
            byte reverted = AfterFailedFlush(seed, FailedFlushView.Reverted, out byte onPlatter);

            Assert.Equal(2, kept);
            Assert.Equal(onPlatter, reverted);
            Assert.Equal(onPlatter, onPlatterOfKept);
        }
    }

    [Fact]
    public void What_a_failed_flush_dropped_shows_through_a_restart_and_is_gone_with_the_cache()
    {
        SimulatedDisk disk = FailedAndDropped();

        disk.Kill();
        Assert.Equal([2], disk.ReadAll("a"));

        disk.EvictCache();
        Assert.Equal([1], disk.ReadAll("a"));
    }

    [Fact]
    public void What_is_written_after_a_failed_flush_is_flushed_by_the_next()
    {
        SimulatedDisk disk = FailedAndDropped();
        disk.Overwrite("a", [3], 1);
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);

        file.Flush();
        disk.Crash(CrashMode.LoseAll);

        Assert.Equal([1, 3], disk.ReadAll("a"));
    }

    [Fact]
    public void What_is_flushed_after_a_failed_flush_has_the_length_to_be_read_back()
    {
        SortedSet<int> lengths = [];
        for (ulong seed = 0; seed < 100; seed++)
        {
            SimulatedDisk disk = Holding("a", [1], seed);
            using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
            file.Write([2, 2, 2], 0);
            disk.FailCall(DiskCall.Flush, 1);
            Assert.Throws<DiskException>(file.Flush);
            lengths.Add(disk.ReadDurable("a").Length);

            file.Write([3], 1);
            file.Flush();
            Assert.Equal([2, 3, 2], disk.ReadAll("a"));
            disk.Crash(CrashMode.LoseAll);

            Assert.Equal(3, disk.ReadAll("a")[1]);
        }

        Assert.Equal([1, 3], lengths);
    }

    [Fact]
    public void A_failed_directory_flush_decides_the_names_for_good()
    {
        SortedSet<bool> survived = [];
        for (ulong seed = 0; seed < 100; seed++)
        {
            SimulatedDisk disk = Disk(seed);
            disk.Open("a", DiskAccess.Create).Dispose();
            disk.FailCall(DiskCall.FlushDirectory, 1);

            Assert.Equal(DiskError.Failed, ErrorOf(() => disk.FlushDirectory("")));
            disk.FlushDirectory("");

            bool isShown = disk.FileExists("a");
            disk.Crash(CrashMode.KeepAll);
            Assert.Equal(isShown, disk.FileExists("a"));
            survived.Add(isShown);
        }

        Assert.Equal(2, survived.Count);
    }

    [Fact]
    public void A_lying_flush_returns_and_what_it_left_pending_is_made_durable_by_an_honest_one()
    {
        SimulatedDisk disk = Holding("a", [1]);
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
        disk.FlushesLie = true;
        file.Write([2], 0);
        disk.Open("b", DiskAccess.Create).Dispose();
        file.Flush();
        disk.FlushDirectory("");

        SimulatedDisk lied = disk.Fork();
        lied.Crash(CrashMode.LoseAll);
        Assert.Equal([1], lied.ReadAll("a"));
        Assert.False(lied.FileExists("b"));

        disk.FlushesLie = false;
        file.Flush();
        disk.FlushDirectory("");
        disk.Crash(CrashMode.LoseAll);
        Assert.Equal([2], disk.ReadAll("a"));
        Assert.True(disk.FileExists("b"));
    }

    [Fact]
    public void One_flush_can_lie()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.FailCall(DiskCall.Flush, 1, DiskFault.LyingFlush);
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
        file.Write([2], 0);

        file.Flush();

        Assert.Equal([1], disk.ReadDurable("a"));
        Assert.Equal(1, disk.Count(DiskFault.LyingFlush));
    }

    private static byte AfterFailedFlush(ulong seed, FailedFlushView view, out byte onPlatter)
    {
        SimulatedDisk disk = Holding("a", [1], seed, new SimulatedDiskOptions { FailedFlush = view });
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
        file.Write([2], 0);
        disk.FailCall(DiskCall.Flush, 1);
        Assert.Throws<DiskException>(file.Flush);
        onPlatter = disk.ReadDurable("a")[0];
        return disk.ReadVisible("a")[0];
    }

    private static SimulatedDisk FailedAndDropped()
    {
        for (ulong seed = 0; ; seed++)
        {
            SimulatedDisk disk = Holding("a", [1], seed);
            using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
            file.Write([2], 0);
            disk.FailCall(DiskCall.Flush, 1);
            Assert.Throws<DiskException>(file.Flush);
            if (disk.ReadDurable("a")[0] == 1)
            {
                return disk;
            }
        }
    }
}
