using Graft.Consensus;
using Graft.Simulation.Disks;
using static Graft.Storage.Tests.SimulatedDisks.DiskLab;

namespace Graft.Storage.Tests.SimulatedDisks;

/// <summary>Copies, chosen outcomes, and the same again for the same seed.</summary>
public sealed class SimulatedDiskForkTests
{
    [Fact]
    public void A_fork_is_independent()
    {
        SimulatedDisk disk = Holding("a", Bytes(10000, 1));
        disk.Overwrite("a", Bytes(10, 2), 5000);
        SimulatedDisk fork = disk.Fork();
        fork.Overwrite("a", Bytes(10000, 3));
        fork.Keep("b", [1]);
        disk.Overwrite("a", Bytes(10, 4), 9000);

        fork.Crash(CrashMode.KeepAll);

        Assert.Equal(Bytes(10000, 3), fork.ReadAll("a"));
        byte[] expected = [.. Bytes(5000, 1), .. Bytes(10, 2), .. Bytes(3990, 1), .. Bytes(10, 4), .. Bytes(990, 1)];
        Assert.Equal(expected, disk.ReadAll("a"));
        Assert.Equal(Bytes(10000, 1), disk.ReadDurable("a"));
        Assert.Equal(["a"], disk.ListFiles(""));
        Assert.Equal(2, disk.PendingCount);
    }

    [Fact]
    public void Nothing_is_open_or_locked_in_a_fork()
    {
        SimulatedDisk disk = Disk();
        using IDisposable held = disk.Lock("lock", "first");

        using IDisposable other = disk.Fork().Lock("lock", "second");

        Assert.Equal(DiskError.Locked, ErrorOf(() => disk.Lock("lock", "third")));
    }

    [Fact]
    public void A_fork_has_the_counts_and_the_plans()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.FailCall(DiskCall.Open, 2);
        disk.QuotaBytes = 2000;

        SimulatedDisk fork = disk.Fork();

        Assert.Equal(disk.CallCount, fork.CallCount);
        Assert.Equal(disk.UsedBytes, fork.UsedBytes);
        Assert.Equal(1, fork.Count(DiskCall.Flush));
        fork.Open("a", DiskAccess.Read).Dispose();
        Assert.Equal(DiskError.Failed, ErrorOf(() => fork.Open("a", DiskAccess.Read)));
    }

    [Fact]
    public void Every_subset_of_what_is_pending_can_be_enumerated()
    {
        SimulatedDisk disk = Holding("a", [0, 0, 0]);
        disk.Overwrite("a", [1], 0);
        disk.Overwrite("a", [1], 1);
        disk.Overwrite("a", [1, 1], 2);
        disk.Delete("a");
        disk.Open("b", DiskAccess.Create).Dispose();
        Assert.Equal(6, disk.PendingCount);

        SortedSet<string> seen = new(StringComparer.Ordinal);
        for (ulong survivors = 0; survivors < 1UL << disk.PendingCount; survivors++)
        {
            SimulatedDisk after = disk.Fork();
            after.CrashKeeping(survivors);
            string content = after.FileExists("a") ? string.Concat(after.ReadAll("a")) : "gone";
            seen.Add($"{content} {after.FileExists("b")}");
        }

        // Two bytes, and "0", "1" or, with the length, "00" or "11" at the end; or the name is gone, then with or without b.
        Assert.Equal(16 + 2, seen.Count);
        Assert.Contains("gone True", seen);
        Assert.DoesNotContain("000 True", seen);
    }

    [Fact]
    public void A_test_can_choose_sectors()
    {
        SimulatedDisk disk = Holding("a", Bytes(1536, 1));
        disk.Overwrite("a", Bytes(1536, 2));
        PendingItem only = Assert.Single(disk.Pending);
        Assert.Equal(new PendingItem(0, PendingKind.Data, "a", 0, 1536, 3), only);
        Assert.Equal("0: write a @0 1536 B", only.ToString());

        disk.CrashKeeping((item, sector) => sector == 1);

        Assert.Equal([.. Bytes(512, 1), .. Bytes(512, 2), .. Bytes(512, 1)], disk.ReadAll("a"));
    }

    [Fact]
    public void A_choice_is_made_for_what_is_pending()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.Overwrite("a", [2]);
        Assert.Throws<ArgumentException>(() => disk.CrashKeeping([true, false]));

        disk.CrashKeeping([true]);

        Assert.Equal([2], disk.ReadAll("a"));
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_and_the_same_survivors()
    {
        SortedSet<string> different = new(StringComparer.Ordinal);
        for (ulong seed = 0; seed < 20; seed++)
        {
            string first = History(seed, forks: 0);
            Assert.Equal(first, History(seed, forks: 0));
            Assert.Equal(first, History(seed, forks: 3));
            different.Add(first);
        }

        Assert.True(different.Count > 15);
    }

    [Fact]
    public void Forks_of_one_point_crash_in_different_ways()
    {
        SimulatedDisk disk = Holding("a", Bytes(4096, 1));
        disk.Overwrite("a", Bytes(4096, 2));
        SortedSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < 50; i++)
        {
            SimulatedDisk fork = disk.Fork();
            fork.Crash(CrashMode.Drawn);
            seen.Add(Convert.ToHexString(fork.ReadAll("a")));
        }

        Assert.True(seen.Count > 8);
    }

    private static string History(ulong seed, int forks)
    {
        SimulatedDisk disk = Disk(seed, new SimulatedDiskOptions { TraceLines = 1000 });
        disk.SetRate(DiskCall.Write, DiskFault.Fail, 100);
        disk.SetRate(DiskCall.Flush, DiskFault.Fail, 100);
        disk.SetRate(DiskCall.Read, DiskFault.ShortRead, 100);
        var random = new SeededRandom(seed);
        using (IDiskFile file = disk.Open("a", DiskAccess.Create))
        {
            for (int i = 0; i < 50; i++)
            {
                try
                {
                    file.Write(Bytes(random.Next(1, 2000), (byte)i), random.Next(0, 8000));
                    if (random.Chance(300))
                    {
                        file.Flush();
                    }
                }
                catch (DiskException)
                {
                    file.Read(new byte[100], 0);
                }

                for (int fork = 0; fork < forks; fork++)
                {
                    disk.Fork().Crash(CrashMode.Drawn);
                }
            }
        }

        disk.FlushDirectory("");
        disk.Crash(CrashMode.Drawn);
        return $"{string.Join('\n', disk.TraceLines)}\n{Convert.ToHexString(disk.ReadDurable("a"))}";
    }
}
