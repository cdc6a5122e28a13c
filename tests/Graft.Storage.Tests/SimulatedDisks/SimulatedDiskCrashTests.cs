using Graft.Simulation.Disks;
using static Graft.Storage.Tests.SimulatedDisks.DiskLab;

namespace Graft.Storage.Tests.SimulatedDisks;

/// <summary>What a power loss may keep, and what it must.</summary>
public sealed class SimulatedDiskCrashTests
{
    private const int Seeds = 2000;

    [Fact]
    public void What_was_flushed_survives_every_crash()
    {
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            SimulatedDisk disk = Holding("a", Bytes(3000, 1), seed);
            disk.Overwrite("a", Bytes(1000, 2), 5000);

            disk.Crash(CrashMode.Drawn);

            Assert.Equal(Bytes(3000, 1), disk.ReadAll("a")[..3000]);
        }
    }

    [Fact]
    public void The_extremes_lose_and_keep_all()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.Overwrite("a", [2, 2]);
        disk.Open("b", DiskAccess.Create).Dispose();
        SimulatedDisk other = disk.Fork();

        disk.Crash(CrashMode.LoseAll);
        other.Crash(CrashMode.KeepAll);

        Assert.Equal([1], disk.ReadAll("a"));
        Assert.Equal(["a"], disk.ListFiles(""));
        Assert.Equal([2, 2], other.ReadAll("a"));
        Assert.Equal(["a", "b"], other.ListFiles(""));
        Assert.Equal(0, disk.PendingCount + other.PendingCount);
    }

    [Fact]
    public void A_file_whose_directory_was_not_flushed_may_be_gone_though_it_was_flushed_itself()
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Disk(seed);
            using IDiskFile file = disk.Open("a", DiskAccess.Create);
            file.Write([1], 0);
            file.Flush();
            disk.Crash(CrashMode.Drawn);
            return disk.FileExists("a") ? Text(disk.ReadAll("a")) : "gone";
        });

        Assert.Equal(["1", "gone"], seen);
    }

    [Fact]
    public void A_name_may_survive_without_the_content()
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Disk(seed);
            disk.Open("a", DiskAccess.Create).Dispose();
            disk.FlushDirectory("");
            disk.Overwrite("a", [1]);
            disk.Crash(CrashMode.Drawn);
            return Text(disk.ReadAll("a"));
        });

        // Empty: nothing, or the data without the length. Zero: the length without the data.
        Assert.Equal(["", "0", "1"], seen);
    }

    [Fact]
    public void A_directory_lost_takes_along_what_is_in_it()
    {
        SimulatedDisk disk = Disk();
        disk.CreateDirectory("d");
        disk.Keep("d/a", [1]);

        disk.Crash(CrashMode.LoseAll);

        Assert.Empty(disk.ListDirectories(""));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => disk.Open("d/a", DiskAccess.Read)));
    }

    [Fact]
    public void A_rename_without_a_directory_flush_leaves_either_name()
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Holding("new", [2], seed);
            disk.Keep("old", [1]);
            disk.Rename("new", "old");
            disk.Crash(CrashMode.Drawn);
            return $"{string.Join(' ', disk.ListFiles(""))}: {Text(disk.ReadAll("old"))}";
        });

        Assert.Equal(["new old: 1", "old: 2"], seen);
    }

    [Fact]
    public void A_rename_with_a_directory_flush_stays()
    {
        SimulatedDisk disk = Holding("new", [2]);
        disk.Rename("new", "old");
        disk.FlushDirectory("");

        disk.Crash(CrashMode.LoseAll);

        Assert.Equal(["old"], disk.ListFiles(""));
    }

    [Fact]
    public void A_name_that_was_renamed_before_the_content_was_flushed_may_lead_to_nothing()
    {
        SimulatedDisk disk = Holding("a", [1]);
        using IDiskFile file = disk.Open("a.new", DiskAccess.Create);
        file.Write([2], 0);
        disk.Rename("a.new", "a");
        disk.FlushDirectory("");

        disk.Crash(CrashMode.LoseAll);

        Assert.Empty(disk.ReadAll("a"));
    }

    [Fact]
    public void A_deleted_file_may_come_back_until_the_directory_is_flushed()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.Delete("a");
        SimulatedDisk flushed = disk.Fork();
        flushed.FlushDirectory("");

        disk.Crash(CrashMode.LoseAll);
        flushed.Crash(CrashMode.LoseAll);

        Assert.Equal([1], disk.ReadAll("a"));
        Assert.False(flushed.FileExists("a"));
    }

    [Fact]
    public void A_write_is_torn_at_sectors_and_nowhere_else()
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Holding("a", Bytes(1536, 1), seed);
            disk.Overwrite("a", Bytes(1036, 2), 500);
            disk.Crash(CrashMode.Drawn);
            byte[] content = disk.ReadAll("a");
            byte[] expected = Bytes(1536, 1);
            expected.AsSpan(500, 12).Fill(content[500]);
            expected.AsSpan(512, 512).Fill(content[512]);
            expected.AsSpan(1024, 512).Fill(content[1024]);
            Assert.Equal(expected, content);
            return $"{content[500]}{content[512]}{content[1024]}";
        });

        Assert.Equal(["111", "112", "121", "122", "211", "212", "221", "222"], seen);
    }

    [Fact]
    public void A_later_write_may_survive_an_earlier_one()
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Holding("a", [0, 0, 0], seed);
            disk.Overwrite("a", [1], 0);
            disk.Overwrite("a", [1], 1);
            disk.Overwrite("a", [1], 2);
            disk.Crash(CrashMode.Random);
            return Text(disk.ReadAll("a"));
        });

        Assert.Equal(8, seen.Count);
    }

    [Fact]
    public void Of_two_writes_to_one_place_the_later_wins_if_it_survives()
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Holding("a", [0], seed);
            disk.Overwrite("a", [1]);
            disk.Overwrite("a", [2]);
            disk.Crash(CrashMode.Random);
            return Text(disk.ReadAll("a"));
        });

        Assert.Equal(["0", "1", "2"], seen);
    }

    [Fact]
    public void A_cut_may_be_lost_and_what_is_written_behind_it_kept()
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Holding("a", [1, 1, 1], seed);
            using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
            file.SetLength(1);
            file.Write([2], 1);
            disk.Crash(CrashMode.Random);
            return Text(disk.ReadAll("a"));
        });

        // 1: the cut alone. 111: nothing. 121: the write alone. 10, 12: the length of the write with it or before it.
        Assert.Equal(["1", "10", "111", "12", "121"], seen);
    }

    [Fact]
    public void Open_files_and_locks_of_before_are_dead()
    {
        foreach (Action<SimulatedDisk> end in (Action<SimulatedDisk>[])[d => d.Crash(CrashMode.KeepAll), d => d.Kill()])
        {
            SimulatedDisk disk = Disk();
            using IDiskFile file = disk.Open("a", DiskAccess.Create);
            IDisposable held = disk.Lock("lock", "first");

            end(disk);

            Assert.Equal(DiskError.Failed, ErrorOf(() => file.Write([1], 0)));
            Assert.Equal(DiskError.Failed, ErrorOf(() => file.Read(new byte[1], 0)));
            Assert.Equal(DiskError.Failed, ErrorOf(file.Flush));
            using IDisposable next = disk.Lock("lock", "second");
            held.Dispose();
            Assert.Equal(DiskError.Locked, ErrorOf(() => disk.Lock("lock", "third")));
        }
    }

    [Fact]
    public void A_killed_process_leaves_what_it_wrote_still_pending()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.Overwrite("a", [2]);
        disk.Open("b", DiskAccess.Create).Dispose();

        disk.Kill();

        Assert.Equal([2], disk.ReadAll("a"));
        Assert.True(disk.FileExists("b"));
        disk.Crash(CrashMode.LoseAll);
        Assert.Equal([1], disk.ReadAll("a"));
        Assert.False(disk.FileExists("b"));
    }

    [Theory]
    [InlineData(JournalOrder.Ordered, 4)]
    [InlineData(JournalOrder.Adversarial, 8)]
    public void Names_survive_in_the_order_of_the_journal(JournalOrder journal, int outcomes)
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Disk(seed, new SimulatedDiskOptions { Journal = journal });
            disk.Open("1", DiskAccess.Create).Dispose();
            disk.Open("2", DiskAccess.Create).Dispose();
            disk.Open("3", DiskAccess.Create).Dispose();
            disk.Crash(CrashMode.Drawn);
            return string.Join(' ', disk.ListFiles(""));
        });

        Assert.Equal(outcomes, seen.Count);
    }

    [Theory]
    [InlineData(JournalOrder.Ordered)]
    [InlineData(JournalOrder.Adversarial)]
    public void A_move_across_directories_loses_both_names_only_without_a_journal(JournalOrder journal)
    {
        SortedSet<string> seen = Outcomes(seed =>
        {
            SimulatedDisk disk = Disk(seed, new SimulatedDiskOptions { Journal = journal });
            disk.CreateDirectory("d");
            disk.FlushDirectory("");
            disk.Keep("a", [1]);
            disk.Open("d/before", DiskAccess.Create).Dispose();
            disk.Rename("a", "d/a");
            disk.Crash(CrashMode.Drawn);
            return $"{disk.FileExists("a")} {disk.FileExists("d/a")}";
        });

        string[] ordered = ["False True", "True False", "True True"];
        Assert.Equal(journal == JournalOrder.Ordered ? ordered : ["False False", .. ordered], seen);
    }

    [Fact]
    public void A_flush_of_the_directory_a_file_left_takes_the_new_name_along()
    {
        SimulatedDisk disk = Disk();
        disk.CreateDirectory("d");
        disk.FlushDirectory("");
        disk.Keep("a", [1]);
        disk.Rename("a", "d/a");
        disk.FlushDirectory("");

        disk.Crash(CrashMode.LoseAll);

        Assert.Equal(["d/a"], disk.VisibleFiles);
    }

    private static SortedSet<string> Outcomes(Func<ulong, string> run)
    {
        SortedSet<string> seen = new(StringComparer.Ordinal);
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            seen.Add(run(seed));
        }

        return seen;
    }

    private static string Text(byte[] content) => string.Concat(content);
}
