using Graft.Simulation.Disks;
using static Graft.Storage.Tests.SimulatedDisks.DiskLab;

namespace Graft.Storage.Tests.SimulatedDisks;

/// <summary>What the seam's documentation says, of a disk on which nothing goes wrong.</summary>
public sealed class SimulatedDiskSeamTests
{
    [Fact]
    public void What_was_written_is_read()
    {
        SimulatedDisk disk = Disk();
        using IDiskFile file = disk.Open("a", DiskAccess.Create);

        file.Write(Bytes(5000, 1), 4000);
        file.Write([new byte[] { 7, 8 }, default, new byte[] { 9 }], 4095);

        byte[] content = disk.ReadAll("a");
        Assert.Equal(9000, content.Length);
        Assert.Equal(new byte[] { 0, 1 }, content[3999..4001]);
        Assert.Equal(new byte[] { 1, 7, 8, 9, 1 }, content[4094..4099]);
    }

    [Fact]
    public void Bytes_never_written_within_the_length_are_zero()
    {
        SimulatedDisk disk = Disk();
        using IDiskFile file = disk.Open("a", DiskAccess.Create);

        file.Write(Bytes(9000, 1), 0);
        file.SetLength(5000);
        file.SetLength(20000);
        file.Write(Bytes(1, 2), 30000);

        byte[] content = disk.ReadAll("a");
        Assert.Equal(30001, content.Length);
        Assert.All(content[..5000], value => Assert.Equal(1, value));
        Assert.All(content[5000..30000], value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_read_ends_at_the_end_and_is_empty_behind_it()
    {
        SimulatedDisk disk = Holding("a", Bytes(10, 1));
        using IDiskFile file = disk.Open("a", DiskAccess.Read);

        Assert.Equal(3, file.Read(new byte[10], 7));
        Assert.Equal(0, file.Read(new byte[10], 10));
        Assert.Equal(0, file.Read(new byte[10], 1000));
    }

    [Fact]
    public void A_write_of_nothing_lengthens_nothing()
    {
        SimulatedDisk disk = Disk();
        using IDiskFile file = disk.Open("a", DiskAccess.Create);

        file.Write(ReadOnlySpan<byte>.Empty, 100);

        Assert.Equal(0, file.Length);
    }

    [Fact]
    public void Names_are_listed_in_ordinal_order()
    {
        SimulatedDisk disk = Disk();
        disk.CreateDirectory("d/z/deep");
        disk.CreateDirectory("d/Z");
        disk.CreateDirectory("d/z");
        foreach (string name in (string[])["b", "a", "B", "10", "9"])
        {
            disk.Open($"d/{name}", DiskAccess.Create).Dispose();
        }

        Assert.Equal(["10", "9", "B", "a", "b"], disk.ListFiles("d"));
        Assert.Equal(["Z", "z"], disk.ListDirectories("d"));
        Assert.Equal(["d"], disk.ListDirectories(""));
        Assert.Empty(disk.ListFiles("none"));
        Assert.Empty(disk.ListDirectories("none/at/all"));
    }

    [Fact]
    public void Each_refusal_has_its_kind()
    {
        SimulatedDisk disk = Holding("a", []);
        disk.CreateDirectory("d");

        Assert.Equal(DiskError.Exists, ErrorOf(() => disk.Open("a", DiskAccess.Create)));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => disk.Open("b", DiskAccess.Read)));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => disk.Open("b", DiskAccess.ReadWrite)));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => disk.Open("none/b", DiskAccess.Create)));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => disk.Rename("b", "c")));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => disk.Rename("a", "none/c")));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => disk.Delete("b")));
        Assert.Equal(DiskError.NotFound, ErrorOf(() => disk.FlushDirectory("none")));
        Assert.Equal(DiskError.Exists, ErrorOf(() => disk.CreateDirectory("a")));
        Assert.True(disk.FileExists("a"));
        Assert.False(disk.FileExists("d"));
        Assert.False(disk.FileExists("none/b"));
        Assert.Throws<ArgumentException>(() => disk.FileExists("../a"));
    }

    [Fact]
    public void A_file_opened_for_reading_is_not_written()
    {
        SimulatedDisk disk = Holding("a", [1]);
        using IDiskFile file = disk.Open("a", DiskAccess.Read);

        Assert.Equal(DiskError.Denied, ErrorOf(() => file.Write([2], 0)));
        Assert.Equal(DiskError.Denied, ErrorOf(() => file.SetLength(0)));
    }

    [Fact]
    public void A_rename_takes_the_place_of_what_was_there_and_open_files_follow_the_content()
    {
        SimulatedDisk disk = Holding("a", [1]);
        disk.Keep("b", [2]);
        using IDiskFile replaced = disk.Open("b", DiskAccess.Read);

        disk.Rename("a", "b");

        byte[] old = new byte[1];
        Assert.Equal(1, replaced.Read(old, 0));
        Assert.Equal(2, old[0]);
        Assert.Equal([1], disk.ReadAll("b"));
        Assert.Equal(["b"], disk.ListFiles(""));
    }

    [Fact]
    public void A_deleted_file_is_read_by_those_who_have_it_open()
    {
        SimulatedDisk disk = Holding("a", [1]);
        using IDiskFile file = disk.Open("a", DiskAccess.Read);

        disk.Delete("a");
        disk.FlushDirectory("");

        Assert.False(disk.FileExists("a"));
        Assert.Equal(1, file.Read(new byte[1], 0));
    }

    [Fact]
    public void A_lock_has_one_holder_and_names_it()
    {
        SimulatedDisk disk = Disk();
        IDisposable first = disk.Lock("lock", "node 1, process 42");

        DiskException refused = Assert.Throws<DiskException>(() => disk.Lock("lock", "another"));
        first.Dispose();
        using IDisposable second = disk.Lock("lock", "another");
        first.Dispose();

        Assert.Equal(DiskError.Locked, refused.Error);
        Assert.Contains("node 1, process 42", refused.Message, StringComparison.Ordinal);
        Assert.Equal("another"u8.ToArray(), disk.ReadAll("lock"));
        Assert.Equal(DiskError.Locked, ErrorOf(() => disk.Lock("lock", "third")));
    }

    [Fact]
    public void A_disposed_file_is_not_used()
    {
        SimulatedDisk disk = Disk();
        IDiskFile file = disk.Open("a", DiskAccess.Create);
        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Length);
        Assert.Throws<ObjectDisposedException>(() => file.Read(new byte[1], 0));
        Assert.Throws<ObjectDisposedException>(() => file.Write([1], 0));
    }
}
