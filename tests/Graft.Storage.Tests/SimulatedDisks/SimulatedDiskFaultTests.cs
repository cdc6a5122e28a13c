using Graft.Simulation.Disks;
using static Graft.Storage.Tests.SimulatedDisks.DiskLab;

namespace Graft.Storage.Tests.SimulatedDisks;

/// <summary>Everything else that goes wrong, each fault by itself.</summary>
public sealed class SimulatedDiskFaultTests
{
    [Fact]
    public void Each_kind_of_call_can_fail_at_a_chosen_time()
    {
        foreach (DiskCall call in Enum.GetValues<DiskCall>())
        {
            SimulatedDisk disk = Holding("a", [1]);
            disk.FailCall(call, 2);

            Call(disk, call, "x");

            Assert.Equal(DiskError.Failed, ErrorOf(() => Call(disk, call, "y")));
            Call(disk, call, "z");
            Assert.Equal(1, disk.Count(DiskFault.Fail));
        }
    }

    [Fact]
    public void A_sweep_meets_every_call()
    {
        SimulatedDisk whole = Disk();
        whole.Keep("a", [1]);
        Assert.Equal(4, whole.CallCount);

        for (int nth = 1; nth <= 4; nth++)
        {
            SimulatedDisk disk = Disk();
            disk.FailCall(nth);
            Assert.Equal(DiskError.Failed, ErrorOf(() => disk.Keep("a", [1])));
            Assert.Equal(nth, disk.CallCount);
        }
    }

    [Fact]
    public void A_rate_fails_about_as_many_calls_as_it_says()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.SetRate(DiskCall.FileExists, DiskFault.Deny, 200);

        int refused = Enumerable.Range(0, 1000).Count(_ => Record.Exception(() => disk.FileExists("a")) is DiskException);

        Assert.InRange(refused, 150, 250);
        Assert.Equal(refused, disk.Count(DiskFault.Deny));
        disk.StopFaults();
        Assert.True(disk.FileExists("a"));
    }

    [Fact]
    public void A_failed_rename_was_done_or_not()
    {
        SortedSet<bool> done = [];
        for (ulong seed = 0; seed < 50; seed++)
        {
            SimulatedDisk disk = Holding("a", [1], seed);
            disk.FailCall(DiskCall.Rename, 1);
            Assert.Equal(DiskError.Failed, ErrorOf(() => disk.Rename("a", "b")));
            done.Add(disk.FileExists("b"));
            Assert.NotEqual(disk.FileExists("a"), disk.FileExists("b"));
        }

        Assert.Equal(2, done.Count);
    }

    [Fact]
    public void A_failed_write_was_done_up_to_any_byte()
    {
        SortedSet<int> lengths = [];
        for (ulong seed = 0; seed < 200; seed++)
        {
            SimulatedDisk disk = Holding("a", Bytes(4, 1), seed);
            disk.FailCall(DiskCall.Write, 1);
            Assert.Equal(DiskError.Failed, ErrorOf(() => disk.Overwrite("a", Bytes(4, 2))));
            lengths.Add(disk.ReadAll("a").Count(value => value == 2));
        }

        Assert.Equal([0, 1, 2, 3, 4], lengths);
    }

    [Fact]
    public void What_is_denied_is_not_done_until_it_is_allowed()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.Deny("a");

        Assert.Equal(DiskError.Denied, ErrorOf(() => disk.Open("a", DiskAccess.Read)));
        Assert.Equal(DiskError.Denied, ErrorOf(() => disk.Delete("a")));
        Assert.Equal(DiskError.Denied, ErrorOf(() => disk.Rename("a", "b")));
        disk.Allow("a");

        Assert.Equal([1], disk.ReadAll("a"));
    }

    [Fact] // H11
    public void A_write_goes_as_far_as_there_is_space()
    {
        for (int free = 0; free < 10; free++)
        {
            SimulatedDisk disk = Holding("a", Bytes(100, 1));
            disk.QuotaBytes = disk.UsedBytes + free;

            Assert.Equal(DiskError.NoSpace, ErrorOf(() => disk.Overwrite("a", Bytes(20, 2), 90)));

            Assert.Equal([.. Bytes(90, 1), .. Bytes(10 + free, 2)], disk.ReadAll("a"));
        }
    }

    [Fact]
    public void On_a_full_disk_what_is_allocated_is_overwritten_and_nothing_is_created_or_lengthened()
    {
        SimulatedDisk disk = Holding("a", Bytes(100, 1));
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
        disk.QuotaBytes = disk.UsedBytes;

        file.Write(Bytes(100, 2), 0);
        file.Flush();

        Assert.Equal(DiskError.NoSpace, ErrorOf(() => disk.Open("b", DiskAccess.Create)));
        Assert.Equal(DiskError.NoSpace, ErrorOf(() => disk.CreateDirectory("d")));
        Assert.Equal(DiskError.NoSpace, ErrorOf(() => file.SetLength(101)));
        Assert.Equal(["a"], disk.ListFiles(""));
        file.SetLength(50);
        disk.Overwrite("a", Bytes(50, 3), 50);
    }

    [Fact]
    public void A_hole_needs_space_when_it_is_written()
    {
        SimulatedDisk disk = Holding("a", []);
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
        disk.QuotaBytes = disk.UsedBytes + 100;

        file.SetLength(1000);
        file.Write(Bytes(100, 1), 500);

        Assert.Equal(DiskError.NoSpace, ErrorOf(() => file.Write([1], 0)));
        file.Write(Bytes(100, 2), 500);
    }

    [Fact]
    public void A_higher_quota_and_a_deletion_heal()
    {
        SimulatedDisk disk = Holding("a", Bytes(1000, 1));
        disk.Keep("b", []);
        disk.QuotaBytes = disk.UsedBytes;
        Assert.Equal(DiskError.NoSpace, ErrorOf(() => disk.Overwrite("b", [1])));

        disk.QuotaBytes++;
        disk.Overwrite("b", [1]);
        Assert.Equal(DiskError.NoSpace, ErrorOf(() => disk.Overwrite("b", [1], 1)));

        using (disk.Open("a", DiskAccess.Read))
        {
            disk.Delete("a");
            Assert.Equal(DiskError.NoSpace, ErrorOf(() => disk.Overwrite("b", [1], 1)));
        }

        disk.Overwrite("b", Bytes(1000, 1), 1);
    }

    [Fact]
    public void Space_that_a_crash_lost_is_needed_again()
    {
        SimulatedDisk disk = Holding("a", []);
        long used = disk.UsedBytes;
        disk.Overwrite("a", Bytes(100, 1));
        Assert.Equal(used + 100, disk.UsedBytes);

        disk.Crash(CrashMode.LoseAll);

        Assert.Equal(used, disk.UsedBytes);
    }

    [Fact] // H14
    public void A_short_read_returns_some_bytes_and_the_right_ones()
    {
        byte[] content = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        SimulatedDisk disk = Holding("a", content);
        disk.SetRate(DiskCall.Read, DiskFault.ShortRead, 1000);
        using IDiskFile file = disk.Open("a", DiskAccess.Read);

        byte[] buffer = new byte[50];
        Assert.InRange(file.Read(buffer, 0), 1, 49);
        Assert.Equal(content, disk.ReadAll("a"));
    }

    [Fact]
    public void A_stale_read_shows_what_was_before_the_last_flush_once()
    {
        SimulatedDisk disk = Holding("a", [1]);
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
        file.Write([2], 0);
        file.Flush();
        disk.FailCall(DiskCall.Read, 1, DiskFault.StaleRead);

        Assert.Equal([1], disk.ReadAll("a"));
        Assert.Equal([2], disk.ReadAll("a"));
    }

    [Fact]
    public void A_flipped_bit_is_on_the_platter_and_in_view()
    {
        SimulatedDisk disk = Holding("a", [1, 1]);

        disk.FlipBit("a", 1, 2);

        Assert.Equal([1, 5], disk.ReadAll("a"));
        Assert.Equal([1, 5], disk.ReadDurable("a"));
        Assert.Throws<ArgumentOutOfRangeException>(() => disk.FlipBit("a", 2, 0));
    }

    [Fact]
    public void Rot_reaches_every_byte()
    {
        SortedSet<(string, long)> places = [];
        for (ulong seed = 0; seed < 100; seed++)
        {
            SimulatedDisk disk = Holding("a", [1, 1], seed);
            disk.Keep("b", [1]);
            (string Path, long Offset) place = disk.RotSomewhere()!.Value;
            Assert.NotEqual(1, disk.ReadDurable(place.Path)[place.Offset]);
            places.Add(place);
        }

        Assert.Equal([("a", 0), ("a", 1), ("b", 0)], places);
        Assert.Null(Disk().RotSomewhere());
    }

    [Fact]
    public void Rot_at_a_read_stays()
    {
        SimulatedDisk disk = Holding("a", Bytes(100, 1));
        disk.FailCall(DiskCall.Read, 1, DiskFault.BitRot);

        byte[] read = disk.ReadAll("a");

        Assert.Single(read, value => value != 1);
        Assert.Equal(read, disk.ReadAll("a"));
        Assert.Equal(read, disk.ReadDurable("a"));
    }

    [Fact]
    public void An_unreadable_range_fails_until_it_is_written()
    {
        SimulatedDisk disk = Holding("a", Bytes(100, 1));
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
        disk.MakeUnreadable("a", 40, 10);

        Assert.Equal(40, file.Read(new byte[100], 0));
        Assert.Equal(DiskError.Failed, ErrorOf(() => file.Read(new byte[100], 40)));
        Assert.Equal(DiskError.Failed, ErrorOf(() => file.Read(new byte[1], 49)));
        Assert.Equal(50, file.Read(new byte[100], 50));
        file.Write(Bytes(10, 2), 40);

        Assert.Equal(100, file.Read(new byte[100], 0));
    }

    [Fact]
    public void A_latent_error_met_by_a_read_survives_a_crash()
    {
        SimulatedDisk disk = Holding("a", Bytes(100, 1));
        disk.FailCall(DiskCall.Read, 1, DiskFault.LatentError);

        Assert.Equal(DiskError.Failed, ErrorOf(() => disk.ReadAll("a")));
        disk.Crash(CrashMode.KeepAll);
        Assert.Equal(DiskError.Failed, ErrorOf(() => disk.ReadAll("a")));
    }

    [Theory]
    [InlineData(LostSectorContent.Zeros, 0)]
    [InlineData(LostSectorContent.Old, 1)]
    public void A_lost_sector_is_zeros_or_what_it_was(LostSectorContent content, byte expected)
    {
        SimulatedDisk disk = Holding("a", Bytes(1536, 1));
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);
        file.Write(Bytes(1536, 2), 0);
        file.Flush();

        disk.LoseSector("a", 700, content);

        byte[] after = [.. Bytes(512, 2), .. Bytes(512, expected), .. Bytes(512, 2)];
        Assert.Equal(after, disk.ReadAll("a"));
        Assert.Equal(after, disk.ReadDurable("a"));
    }

    [Fact]
    public void A_lost_write_is_shown_and_flushed_and_never_there()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.FailCall(DiskCall.Write, 1, DiskFault.LostWrite);
        using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);

        file.Write([2, 2], 0);
        file.Flush();

        Assert.Equal([2, 2], disk.ReadAll("a"));
        disk.Crash(CrashMode.KeepAll);
        Assert.Equal([1, 0], disk.ReadAll("a"));
    }

    [Fact]
    public void A_misdirected_write_lands_in_another_place_and_the_right_one_keeps_what_it_had()
    {
        SortedSet<string> places = new(StringComparer.Ordinal);
        for (ulong seed = 0; seed < 100; seed++)
        {
            SimulatedDisk disk = Holding("a", Bytes(1024, 1), seed);
            disk.Keep("b", Bytes(512, 1));
            disk.FailCall(DiskCall.Write, 1, DiskFault.MisdirectedWrite);
            using IDiskFile file = disk.Open("a", DiskAccess.ReadWrite);

            file.Write(Bytes(512, 2), 0);
            file.Flush();

            Assert.Equal(2, disk.ReadAll("a")[0]);
            disk.Crash(CrashMode.KeepAll);
            Assert.Equal(Bytes(512, 1), disk.ReadAll("a")[..512]);
            Assert.Equal(1024, disk.ReadAll("a").Length);
            Assert.Equal(512, disk.ReadAll("b").Length);
            bool isInA = disk.ReadAll("a")[512] == 2;
            Assert.NotEqual(isInA, disk.ReadAll("b")[0] == 2);
            places.Add(isInA ? "a" : "b");
        }

        Assert.Equal(["a", "b"], places);
    }

    [Fact]
    public void A_fault_that_cannot_happen_to_a_call_is_not_planned() =>
        Assert.Throws<ArgumentException>(() => Disk().FailCall(DiskCall.Flush, 1, DiskFault.ShortRead));

    [Fact]
    public void A_process_dies_in_a_call_and_makes_no_other()
    {
        // Create, write, flush, flush of the directory: each step is pending or done when the next one is met.
        string[] expected = ["link a", "link a, write a, length a", "link a, write a, length a", "link a"];
        for (int nth = 1; nth <= 4; nth++)
        {
            SimulatedDisk disk = Disk();
            disk.DieAtCall(nth);

            Assert.Throws<ProcessDiedException>(() => disk.Keep("a", [1]));
            Assert.Throws<ProcessDiedException>(() => disk.FileExists("a"));

            IEnumerable<string> pending = disk.Pending.Select(item => $"{item.Kind}".ToLowerInvariant() + $" {item.Path}");
            Assert.Equal(expected[nth - 1], string.Join(", ", pending).Replace("data", "write", StringComparison.Ordinal));
            disk.Kill();
            Assert.True(disk.FileExists("a"));
        }
    }

    [Fact]
    public void The_trace_says_what_was_asked_and_what_went_wrong_and_is_bounded()
    {
        SimulatedDisk disk = Disk(options: new SimulatedDiskOptions { TraceLines = 6 });
        disk.CreateDirectory("log");
        disk.Keep("log/1", Bytes(312, 1));
        disk.FailCall(DiskCall.Write, 1);
        Assert.Throws<DiskException>(() => disk.Overwrite("log/1", Bytes(10, 1), 4096));
        disk.Rename("log/1", "log/2");

        string[] expected =
            ["flush log/1", "flushdir log", "open log/1", "write log/1 @4096 10 B: Fail", "  Failed: input/output error", "rename log/1 -> log/2"];
        Assert.Equal(expected, disk.TraceLines);
    }

    [Fact]
    public void The_platter_and_the_view_can_be_looked_at_without_a_call()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.Overwrite("a", [2]);
        disk.Rename("a", "b");
        long calls = disk.CallCount;

        Assert.Equal(["a"], disk.DurableFiles);
        Assert.Equal(["b"], disk.VisibleFiles);
        Assert.Equal([1], disk.ReadDurable("b"));
        Assert.Equal([2], disk.ReadVisible("b"));
        Assert.Equal(calls, disk.CallCount);
    }

    private static void Call(SimulatedDisk disk, DiskCall call, string fresh)
    {
        switch (call)
        {
            case DiskCall.CreateDirectory: disk.CreateDirectory(fresh); break;
            case DiskCall.ListFiles: disk.ListFiles(""); break;
            case DiskCall.ListDirectories: disk.ListDirectories(""); break;
            case DiskCall.FileExists: disk.FileExists("a"); break;
            case DiskCall.Open: disk.Open("a", DiskAccess.Read).Dispose(); break;
            case DiskCall.Create: disk.Open(fresh, DiskAccess.Create).Dispose(); break;
            case DiskCall.Rename: disk.Rename(disk.ListFiles("")[0], fresh); break;
            case DiskCall.Delete:
                disk.Open(fresh, DiskAccess.Create).Dispose();
                disk.Delete(fresh);
                break;
            case DiskCall.FlushDirectory: disk.FlushDirectory(""); break;
            case DiskCall.Lock: disk.Lock(fresh, "holder").Dispose(); break;
            case DiskCall.Read: disk.ReadAll("a"); break;
            case DiskCall.Write: disk.Overwrite("a", [2]); break;
            default:
                using (IDiskFile file = disk.Open("a", DiskAccess.ReadWrite))
                {
                    if (call == DiskCall.Flush)
                    {
                        file.Flush();
                    }
                    else
                    {
                        file.SetLength(1);
                    }
                }

                break;
        }
    }
}
