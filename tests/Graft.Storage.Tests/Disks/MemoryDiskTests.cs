using Graft.Consensus;

namespace Graft.Storage.Tests.Disks;

public sealed class MemoryDiskTests
{
    private readonly MemoryDisk _disk = new();

    [Fact]
    public void Names_are_those_of_one_directory_in_ordinal_order()
    {
        _disk.CreateDirectory("b/c");
        foreach (string file in new[] { "b/z", "b/A", "b/c/x", "b/a", "y" })
        {
            _disk.Open(file, DiskAccess.Create).Dispose();
        }

        Assert.Equal(["A", "a", "z"], _disk.ListFiles("b"));
        Assert.Equal(["c"], _disk.ListDirectories("b"));
        Assert.Equal(["b"], _disk.ListDirectories(""));
        Assert.Equal(["y"], _disk.ListFiles(""));
        Assert.Empty(_disk.ListFiles("nowhere"));
        Assert.Empty(_disk.ListDirectories("nowhere"));
    }

    [Fact]
    public void Each_refusal_has_its_kind()
    {
        _disk.CreateDirectory("d");
        _disk.Open("f", DiskAccess.Create).Dispose();
        using IDiskFile reading = _disk.Open("f", DiskAccess.Read);

        AssertRefused(DiskError.Exists, () => _disk.Open("f", DiskAccess.Create));
        AssertRefused(DiskError.Exists, () => _disk.Open("d", DiskAccess.Create));
        AssertRefused(DiskError.Exists, () => _disk.CreateDirectory("f/g"));
        AssertRefused(DiskError.Exists, () => _disk.Rename("f", "d"));
        AssertRefused(DiskError.NotFound, () => _disk.Open("g", DiskAccess.Read));
        AssertRefused(DiskError.NotFound, () => _disk.Open("g", DiskAccess.ReadWrite));
        AssertRefused(DiskError.NotFound, () => _disk.Open("e/g", DiskAccess.Create));
        AssertRefused(DiskError.NotFound, () => _disk.Rename("g", "h"));
        AssertRefused(DiskError.NotFound, () => _disk.Rename("f", "e/f"));
        AssertRefused(DiskError.NotFound, () => _disk.Delete("g"));
        AssertRefused(DiskError.NotFound, () => _disk.FlushDirectory("e"));
        AssertRefused(DiskError.Denied, () => reading.Write([1], 0));
    }

    [Fact]
    public void A_gap_is_zeros_also_where_something_was_before_the_cut()
    {
        using IDiskFile file = _disk.Open("f", DiskAccess.Create);
        byte[] ones = new byte[10_000];
        Array.Fill(ones, (byte)1);
        file.Write(ones, 0);
        file.SetLength(5_000);
        file.SetLength(20_000);
        file.Write([7], 30_000);

        byte[] read = new byte[40_000];
        Assert.Equal(30_001, file.Read(read, 0));
        Assert.Equal(5_000, read.AsSpan().IndexOfAnyExcept((byte)1));
        Assert.Equal(30_000, 5_000 + read.AsSpan(5_000).IndexOfAnyExcept((byte)0));
        Assert.Equal(0, file.Read(read, 30_001));
        Assert.Equal(0, file.Read(read, 90_000));
    }

    [Fact]
    public void Pieces_are_written_one_behind_the_other()
    {
        using IDiskFile file = _disk.Open("f", DiskAccess.Create);
        file.Write([new byte[] { 1, 2 }, Array.Empty<byte>(), new byte[] { 3 }], 1);

        byte[] read = new byte[4];
        Assert.Equal(4, file.Read(read, 0));
        Assert.Equal([0, 1, 2, 3], read);
    }

    [Fact]
    public void An_open_file_outlives_its_name()
    {
        using IDiskFile old = _disk.Open("f", DiskAccess.Create);
        old.Write([1], 0);
        using IDiskFile successor = _disk.Open("g", DiskAccess.Create);
        successor.Write([2], 0);
        _disk.Rename("g", "f");
        _disk.Delete("f");

        byte[] read = new byte[1];
        Assert.Equal(1, old.Read(read, 0));
        Assert.Equal(1, read[0]);
        Assert.False(_disk.FileExists("f"));
    }

    [Fact]
    public void A_lock_has_one_holder_and_the_second_learns_who()
    {
        IDisposable first = _disk.Lock("lock", "process 7");

        DiskException refusal = Assert.Throws<DiskException>(() => _disk.Lock("lock", "process 8"));
        Assert.Equal(DiskError.Locked, refusal.Error);
        Assert.Contains("process 7", refusal.Message, StringComparison.Ordinal);

        first.Dispose();
        using IDisposable second = _disk.Lock("lock", "process 8");
        first.Dispose();
        Assert.Throws<DiskException>(() => _disk.Lock("lock", "process 9"));
    }

    [Fact]
    public void Any_sequence_of_writes_reads_as_an_array_would()
    {
        var random = new SeededRandom(5);
        byte[] model = [];
        using IDiskFile file = _disk.Open("f", DiskAccess.Create);
        for (int step = 0; step < 500; step++)
        {
            int offset = random.Next(0, 20_000);
            if (random.Chance(200))
            {
                file.SetLength(offset);
                Array.Resize(ref model, offset);
            }
            else
            {
                byte[] data = new byte[random.Next(1, 9_000)];
                Array.Fill(data, (byte)(step % 251));
                file.Write(data, offset);
                Array.Resize(ref model, Math.Max(model.Length, offset + data.Length));
                data.CopyTo(model, offset);
            }

            byte[] read = new byte[model.Length];
            Assert.Equal(model.Length, file.Read(read, 0));
            Assert.Equal(model, read);
            Assert.Equal(model.Length, file.Length);
        }
    }

    private static void AssertRefused(DiskError error, Action action) =>
        Assert.Equal(error, Assert.Throws<DiskException>(action).Error);
}
