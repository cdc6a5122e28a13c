using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Graft.Storage.Tests.Disks;

/// <summary>What <see cref="FileDisk"/> makes of the answers of a system, and what is its own and no other disk's.</summary>
public sealed partial class FileDiskTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FaultyCalls _calls = new();
    private readonly FileDisk _disk;

    public FileDiskTests() => _disk = new FileDisk(_directory.Path, _calls);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("..")]
    [InlineData("../other")]
    [InlineData("a/../../other")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("./a")]
    [InlineData("a\\b")]
    [InlineData("C:")]
    [InlineData("a\0b")]
    public void A_path_that_is_none_below_the_root_is_refused_by_every_call(string path)
    {
        Assert.Throws<ArgumentException>(() => _disk.Open(path, DiskAccess.Create));
        Assert.Throws<ArgumentException>(() => _disk.CreateDirectory(path));
        Assert.Throws<ArgumentException>(() => _disk.ListFiles(path));
        Assert.Throws<ArgumentException>(() => _disk.ListDirectories(path));
        Assert.Throws<ArgumentException>(() => _disk.FileExists(path));
        Assert.Throws<ArgumentException>(() => _disk.Rename(path, "a"));
        Assert.Throws<ArgumentException>(() => _disk.Rename("a", path));
        Assert.Throws<ArgumentException>(() => _disk.Delete(path));
        Assert.Throws<ArgumentException>(() => _disk.FlushDirectory(path));
        Assert.Throws<ArgumentException>(() => _disk.Lock(path, "me"));
        Assert.Empty(_calls.Made);
    }

    [Fact]
    public void A_root_that_is_not_there_is_created_and_its_name_made_durable()
    {
        FileDisk disk = new(_directory["x/y"], _calls);
        Assert.Empty(disk.ListFiles(""));

        disk.CreateDirectory("log");

        Assert.True(Directory.Exists(_directory["x/y/log"]));
        Assert.Equal(
            ["Open", "FlushDirectory", "CreateDirectory", "Open", "FlushDirectory", "CreateDirectory", "Open", "FlushDirectory", "CreateDirectory"], _calls.Made);
    }

    [Fact]
    public void The_name_of_a_root_that_is_there_is_made_durable_once_since_who_created_it_may_have_died_before()
    {
        Directory.CreateDirectory(_directory["x"]);
        FileDisk disk = new(_directory["x"], _calls);

        disk.CreateDirectory("");
        disk.CreateDirectory("log");

        Assert.Equal(["Open", "FlushDirectory", "CreateDirectory"], _calls.Made);
    }

    [Fact]
    public void A_root_in_a_directory_that_may_not_be_opened_is_used_all_the_same()
    {
        _calls.Fail("Open", FaultyCalls.EACCES);

        _disk.CreateDirectory("log");

        Assert.True(Directory.Exists(_directory["log"]));
    }

    [Fact]
    public void What_is_created_is_its_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Modes are a matter of Unix.");
            return;
        }

        _disk.CreateDirectory("d");
        _disk.Open("d/a", DiskAccess.Create).Dispose();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory["d/a"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_directory["d"]));
    }

    [Fact]
    public void A_lock_holds_against_another_disk_of_the_same_process()
    {
        using (_disk.Lock("LOCK", "the first"))
        {
            DiskException refused = Assert.Throws<DiskException>(() => new FileDisk(_directory.Path).Lock("LOCK", "the second"));

            Assert.Equal(DiskError.Locked, refused.Error);
            Assert.Equal("Could not lock LOCK: it is held by the first", refused.Message);
        }

        new FileDisk(_directory.Path).Lock("LOCK", "the second").Dispose();
    }

    [Fact] // a child that inherited the lock would hold it beyond the end of its parent
    public void No_handle_survives_into_a_child_process()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the flags of its handles.");
        const int CloseOnExec = 0x80000;

        using IDisposable locked = _disk.Lock("LOCK", "me");
        using IDiskFile created = _disk.Open("a", DiskAccess.Create);
        using IDiskFile written = _disk.Open("a", DiskAccess.ReadWrite);
        using IDiskFile read = _disk.Open("a", DiskAccess.Read);

        // Not what /proc/self/fd lists: it names handles that other tests close before they are looked at. These stay open
        // for as long as the test holds them.
        SafeFileHandle[] open = [.. _calls.Opened.Where(handle => !handle.IsClosed)];
        Assert.Equal(4, open.Length);
        Assert.All(open, handle =>
        {
            string flags = File.ReadLines($"/proc/self/fdinfo/{handle.DangerousGetHandle()}").Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
            Assert.NotEqual(0, Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & CloseOnExec);
        });
    }

    [Fact] // between its fork and its exec a child holds all handles of its parent, and a start in that moment found the directory in use
    public void A_lock_ends_with_its_holder_though_a_child_that_is_just_being_born_has_the_handle_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The handle is copied by a call of Linux.");
        IDisposable locked = _disk.Lock("LOCK", "me");
        using var copy = new SafeFileHandle(Duplicate((int)_calls.Opened[^1].DangerousGetHandle()), ownsHandle: true);

        locked.Dispose();

        _disk.Lock("LOCK", "my successor").Dispose();
    }

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Duplicate(int handle);

    [Fact]
    public void A_lock_that_cannot_be_taken_for_another_reason_is_not_called_held()
    {
        _calls.Fail("Lock", FaultyCalls.EIO);

        DiskException failure = Assert.Throws<DiskException>(() => _disk.Lock("LOCK", "me"));

        Assert.Equal(DiskError.Failed, failure.Error);
    }

    [Fact]
    public void An_interrupted_call_is_made_again()
    {
        foreach (string call in new[] { "Open", "Read", "Write", "Flush", "FlushDirectory", "SetLength", "Lock", "Exists" })
        {
            _calls.Fail(call, FaultyCalls.EINTR, FaultyCalls.EINTR);
        }

        using (IDiskFile file = _disk.Open("a", DiskAccess.Create))
        {
            file.Write("content"u8, 0);
            file.Flush();
            byte[] found = new byte[7];
            Assert.Equal(7, file.Read(found, 0));
            Assert.Equal("content"u8, found);
            file.SetLength(3);
            Assert.Equal(3, file.Length);
        }

        _disk.FlushDirectory("");
        Assert.True(_disk.FileExists("a"));
        _disk.Lock("LOCK", "me").Dispose();

        Assert.Equal(3, _calls.CountOf("Flush"));
        Assert.Equal(3, _calls.CountOf("FlushDirectory"));
    }

    [Theory] // H14
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(64)]
    public void Short_reads_and_writes_are_continued(int bytesAtOnce)
    {
        _calls.BytesAtOnce = bytesAtOnce;
        byte[] whole = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];
        using IDiskFile file = _disk.Open("a", DiskAccess.Create);

        file.Write(whole, 0);
        file.Write([whole.AsMemory(0, 7), default, whole.AsMemory(7, 1), whole.AsMemory(8, 92), whole.AsMemory(100)], 200);

        byte[] found = new byte[500];
        Assert.Equal(400, file.Read(found, 0));
        Assert.Equal([.. whole, .. whole], found[..400]);
    }

    [Theory]
    [InlineData(1, long.MaxValue, 5)]
    [InlineData(2, long.MaxValue, 3)]
    [InlineData(1024, long.MaxValue, 1)]
    [InlineData(1024, 25, 3)]
    [InlineData(1024, 1, 5)] // a piece beyond the limit goes alone, and the system may write it in part
    public void Pieces_are_one_call_up_to_what_the_system_takes_at_once(int piecesMax, long bytesMax, int calls)
    {
        _calls.PiecesMax = piecesMax;
        _calls.BytesMax = bytesMax;
        byte[] whole = [.. Enumerable.Range(0, 50).Select(i => (byte)i)];
        using IDiskFile file = _disk.Open("a", DiskAccess.Create);

        file.Write([.. Enumerable.Range(0, 5).Select(i => (ReadOnlyMemory<byte>)whole.AsMemory(i * 10, 10))], 0);

        Assert.Equal(calls, _calls.CountOf("Write"));
        Assert.Equal(whole, File.ReadAllBytes(_directory["a"]));
    }

    [Fact]
    public void A_write_that_makes_no_progress_ends()
    {
        _calls.WritesTakeNothing = true;
        using IDiskFile file = _disk.Open("a", DiskAccess.Create);

        Assert.Equal(DiskError.Failed, Assert.Throws<DiskException>(() => file.Write("content"u8, 0)).Error);
    }

    [Fact]
    public void A_write_that_is_refused_says_so_and_the_next_may_succeed()
    {
        _calls.Fail("Write", FaultyCalls.ENOSPC, FaultyCalls.EIO);
        using IDiskFile file = _disk.Open("a", DiskAccess.Create);

        DiskException full = Assert.Throws<DiskException>(() => file.Write("content"u8, 0));
        DiskException broken = Assert.Throws<DiskException>(() => file.Write([Encoding.UTF8.GetBytes("content")], 0));
        file.Write("content"u8, 0);

        Assert.Equal(DiskError.NoSpace, full.Error);
        Assert.Equal(DiskError.Failed, broken.Error);
        Assert.Equal("write", full.Operation);
        Assert.Equal("a", full.Path);
        Assert.Contains("errno 28", full.Message, StringComparison.Ordinal);
        Assert.Equal("content", File.ReadAllText(_directory["a"]));
    }

    [Theory] // H06
    [InlineData(FaultyCalls.EIO)]
    [InlineData(FaultyCalls.ENOSPC)] // freeing space doesn't bring back what was dropped
    public void After_a_failed_flush_the_system_is_not_asked_again(int error)
    {
        _calls.Fail("Flush", error);
        using IDiskFile file = _disk.Open("a", DiskAccess.Create);
        file.Write("content"u8, 0);

        DiskException first = Assert.Throws<DiskException>(file.Flush);
        int made = _calls.Made.Count;
        DiskException[] later =
        [
            Assert.Throws<DiskException>(file.Flush),
            Assert.Throws<DiskException>(() => file.Write("content"u8, 0)),
            Assert.Throws<DiskException>(() => file.Write([Encoding.UTF8.GetBytes("content")], 0)),
            Assert.Throws<DiskException>(() => file.SetLength(0)),
        ];

        Assert.Equal(DiskError.Failed, first.Error);
        Assert.Equal(made, _calls.Made.Count);
        Assert.All(later, refused =>
        {
            Assert.Equal(DiskError.Failed, refused.Error);
            Assert.EndsWith(first.Message, refused.Message, StringComparison.Ordinal);
        });
        Assert.Equal(7, file.Read(new byte[7], 0));
    }

    [Fact]
    public void After_a_failed_flush_of_a_directory_the_system_is_not_asked_again()
    {
        _disk.CreateDirectory("d");
        int before = _calls.CountOf("FlushDirectory");
        _calls.Fail("FlushDirectory", FaultyCalls.EIO);

        DiskException first = Assert.Throws<DiskException>(() => _disk.FlushDirectory("d"));
        DiskException second = Assert.Throws<DiskException>(() => _disk.FlushDirectory("d"));
        _disk.FlushDirectory("");

        Assert.Equal(DiskError.Failed, first.Error);
        Assert.EndsWith(first.Message, second.Message, StringComparison.Ordinal);
        Assert.Equal(2, _calls.CountOf("FlushDirectory") - before);
    }

    [Fact]
    public void A_file_that_may_not_be_looked_for_is_not_taken_for_missing()
    {
        _calls.Fail("Exists", FaultyCalls.EACCES, FaultyCalls.EIO);

        Assert.Equal(DiskError.Denied, Assert.Throws<DiskException>(() => _disk.FileExists("a")).Error);
        Assert.Equal(DiskError.Failed, Assert.Throws<DiskException>(() => _disk.FileExists("a")).Error);
        Assert.False(_disk.FileExists("a"));
    }

    [Fact]
    public void Reads_and_writes_allocate_nothing()
    {
        using IDiskFile file = new FileDisk(_directory.Path).Open("a", DiskAccess.Create);
        byte[] buffer = new byte[4096];
        ReadOnlyMemory<byte>[] pieces = [.. Enumerable.Range(0, 50).Select(_ => (ReadOnlyMemory<byte>)buffer.AsMemory(0, 64))];
        Use(file, buffer, pieces);

        // The least of some rounds: what the runtime does for itself when it compiles anew, it does once.
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                Use(file, buffer, pieces);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);

        static void Use(IDiskFile file, byte[] buffer, ReadOnlyMemory<byte>[] pieces)
        {
            file.Write(buffer, 0);
            file.Write(pieces, 4096);
            file.Read(buffer, 100);
            file.Flush();
            _ = file.Length;
        }
    }

    [Fact]
    public void A_closed_file_is_used_by_nobody()
    {
        IDiskFile file = _disk.Open("a", DiskAccess.Create);
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Write("content"u8, 0));
        Assert.Throws<ObjectDisposedException>(() => file.Read(new byte[1], 0));
        Assert.Throws<ObjectDisposedException>(file.Flush);
    }
}
