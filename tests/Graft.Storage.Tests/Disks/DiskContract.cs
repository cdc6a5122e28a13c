using System.Text;

namespace Graft.Storage.Tests.Disks;

/// <summary>What every <see cref="IDisk"/> does as far as one process sees it. What a crash leaves is not its subject.</summary>
public abstract class DiskContract
{
    /// <summary>The disk of this test, with an empty data directory that exists.</summary>
    protected abstract IDisk Disk { get; }

    [Fact]
    public void A_created_file_exists_is_empty_and_is_written_and_read()
    {
        Assert.False(Disk.FileExists("a"));

        using IDiskFile file = Disk.Open("a", DiskAccess.Create);

        Assert.True(Disk.FileExists("a"));
        Assert.Equal(0, file.Length);
        file.Write("content"u8, 0);
        Assert.Equal("content", Text(file));
    }

    [Fact]
    public void A_name_that_is_taken_is_not_created_again_and_keeps_its_content()
    {
        Put("a", "old");

        AssertFails(DiskError.Exists, "a", () => Disk.Open("a", DiskAccess.Create).Dispose());

        Assert.Equal("old", Get("a"));
    }

    [Theory]
    [InlineData(DiskAccess.Read)]
    [InlineData(DiskAccess.ReadWrite)]
    public void A_file_that_is_not_there_is_not_opened(DiskAccess access)
    {
        AssertFails(DiskError.NotFound, "a", () => Disk.Open("a", access).Dispose());
        AssertFails(DiskError.NotFound, "no/a", () => Disk.Open("no/a", access).Dispose());

        Assert.False(Disk.FileExists("a"));
        Assert.False(Disk.FileExists("no/a"));
    }

    [Fact]
    public void A_file_is_not_created_in_a_directory_that_is_not_there() =>
        AssertFails(DiskError.NotFound, "no/a", () => Disk.Open("no/a", DiskAccess.Create).Dispose());

    [Fact]
    public void A_file_opened_again_has_what_was_written()
    {
        Put("a", "0123456789");

        using (IDiskFile file = Disk.Open("a", DiskAccess.ReadWrite))
        {
            file.Write("xy"u8, 4);
        }

        Assert.Equal("0123xy6789", Get("a"));
    }

    [Fact]
    public void A_read_ends_where_the_file_ends()
    {
        Put("a", "0123456789");
        using IDiskFile file = Disk.Open("a", DiskAccess.Read);
        byte[] buffer = new byte[100];

        Assert.InRange(file.Read(buffer, 6), 1, 4);
        Assert.Equal(0, file.Read(buffer, 10));
        Assert.Equal(0, file.Read(buffer, 1000));
        Assert.Equal(0, file.Read([], 0));
    }

    [Fact]
    public void A_read_writes_nothing_behind_what_it_read()
    {
        Put("a", "01");
        using IDiskFile file = Disk.Open("a", DiskAccess.Read);
        byte[] buffer = [9, 9, 9, 9];

        int read = file.Read(buffer, 0);

        Assert.All(buffer.Skip(read), unread => Assert.Equal(9, unread));
    }

    [Fact]
    public void What_a_write_leaves_out_is_zero()
    {
        using IDiskFile file = Disk.Open("a", DiskAccess.Create);

        file.Write("end"u8, 5000);

        Assert.Equal(5003, file.Length);
        byte[] content = Bytes(file);
        Assert.All(content.Take(5000), left => Assert.Equal(0, left));
        Assert.Equal("end", Encoding.UTF8.GetString(content, 5000, 3));
    }

    [Fact]
    public void A_write_of_nothing_changes_nothing()
    {
        using IDiskFile file = Disk.Open("a", DiskAccess.Create);

        file.Write(ReadOnlySpan<byte>.Empty, 100);
        file.Write(Array.Empty<ReadOnlyMemory<byte>>(), 100);
        file.Write([ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty], 100);

        Assert.Equal(0, file.Length);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 1)]
    [InlineData(17, 4096)]
    [InlineData(3000, 3)] // more pieces than a system takes at once
    public void Pieces_are_written_as_if_they_were_one(int count, int length)
    {
        byte[] whole = [.. Enumerable.Range(0, count * length).Select(i => (byte)(i * 7 % 251))];
        ReadOnlyMemory<byte>[] pieces =
        [
            .. Enumerable.Range(0, count).SelectMany(i => new[] { ReadOnlyMemory<byte>.Empty, whole.AsMemory(i * length, length) }),
        ];
        using IDiskFile plain = Disk.Open("plain", DiskAccess.Create);
        using IDiskFile vectored = Disk.Open("vectored", DiskAccess.Create);

        plain.Write(whole, 3);
        vectored.Write(pieces, 3);

        Assert.Equal(Bytes(plain), Bytes(vectored));
        Assert.Equal(whole, Bytes(vectored)[3..]);
    }

    [Fact]
    public void A_length_that_is_set_cuts_or_adds_zeros()
    {
        using IDiskFile file = Disk.Open("a", DiskAccess.Create);
        file.Write("0123456789"u8, 0);

        file.SetLength(4);
        Assert.Equal("0123", Text(file));

        file.SetLength(8);
        Assert.Equal("0123\0\0\0\0", Text(file));

        file.SetLength(0);
        Assert.Equal(0, file.Length);
    }

    [Fact]
    public void A_flush_leaves_content_and_length_as_they_are()
    {
        using IDiskFile file = Disk.Open("a", DiskAccess.Create);
        file.Flush();
        file.Write("content"u8, 0);

        file.Flush();
        file.Flush();

        Assert.Equal("content", Text(file));
    }

    [Fact]
    public void Two_that_have_a_file_open_see_the_same_content()
    {
        using IDiskFile writer = Disk.Open("a", DiskAccess.Create);
        using IDiskFile reader = Disk.Open("a", DiskAccess.Read);

        writer.Write("content"u8, 0);

        Assert.Equal("content", Text(reader));
    }

    [Fact]
    public async Task Reads_beside_a_writer_see_whole_what_was_written_before_them()
    {
        const int Size = 512;
        using IDiskFile file = Disk.Open("a", DiskAccess.Create);
        int written = 0;
        Task[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(Check, TestContext.Current.CancellationToken))];

        byte[] block = new byte[Size];
        for (int i = 0; i < 200; i++)
        {
            block.AsSpan().Fill((byte)i);
            file.Write(block, (long)i * Size);
            Volatile.Write(ref written, i + 1);
        }

        await Task.WhenAll(readers);

        void Check()
        {
            byte[] found = new byte[Size];
            int seen;
            do
            {
                seen = Volatile.Read(ref written);
                if (seen > 0)
                {
                    Fill(file, found, (long)(seen - 1) * Size);
                    Assert.All(found, value => Assert.Equal((byte)(seen - 1), value));
                }
            }
            while (seen < 200);
        }
    }

    [Fact]
    public void A_rename_takes_the_content_along()
    {
        Disk.CreateDirectory("d");
        Put("a", "content");

        Disk.Rename("a", "d/b");

        Assert.False(Disk.FileExists("a"));
        Assert.Equal("content", Get("d/b"));
    }

    [Fact]
    public void A_rename_replaces_the_file_that_had_the_name()
    {
        Put("a", "new");
        Put("b", "old and longer");

        Disk.Rename("a", "b");

        Assert.Equal("new", Get("b"));
        Assert.Equal(["b"], Disk.ListFiles(""));
    }

    [Fact]
    public void A_rename_needs_a_file_and_a_directory_to_go_to()
    {
        Put("a", "content");

        AssertFails(DiskError.NotFound, "b", () => Disk.Rename("b", "c"));
        DiskException nowhere = Assert.Throws<DiskException>(() => Disk.Rename("a", "no/a"));
        Assert.Equal(DiskError.NotFound, nowhere.Error);

        Assert.Equal("content", Get("a"));
    }

    [Fact]
    public void A_file_that_lost_its_name_is_read_and_written_by_those_who_have_it_open()
    {
        using IDiskFile deleted = Disk.Open("deleted", DiskAccess.Create);
        using IDiskFile replaced = Disk.Open("replaced", DiskAccess.Create);
        using IDiskFile renamed = Disk.Open("renamed", DiskAccess.Create);
        deleted.Write("one"u8, 0);
        replaced.Write("two"u8, 0);
        renamed.Write("three"u8, 0);

        Disk.Delete("deleted");
        Disk.Rename("renamed", "replaced");
        renamed.Write("T"u8, 0);

        Assert.Equal("one", Text(deleted));
        Assert.Equal("two", Text(replaced));
        Assert.Equal("Three", Get("replaced"));
    }

    [Fact]
    public void A_deleted_file_is_gone_and_its_name_is_free()
    {
        Put("a", "old");

        Disk.Delete("a");

        Assert.False(Disk.FileExists("a"));
        AssertFails(DiskError.NotFound, "a", () => Disk.Delete("a"));
        Put("a", "new");
        Assert.Equal("new", Get("a"));
    }

    [Fact]
    public void A_directory_is_created_with_those_above_it_and_a_second_time_left_as_it_is()
    {
        Disk.CreateDirectory("x/y/z");
        Put("x/y/z/a", "content");

        Disk.CreateDirectory("x/y/z");
        Disk.CreateDirectory("x");
        Disk.CreateDirectory("");

        Assert.Equal("content", Get("x/y/z/a"));
        Assert.False(Disk.FileExists("x"));
    }

    [Fact]
    public void A_directory_does_not_take_the_place_of_a_file()
    {
        Put("a", "content");

        AssertFails(DiskError.Exists, "a", () => Disk.CreateDirectory("a"));

        Assert.Equal("content", Get("a"));
    }

    [Fact]
    public void A_list_has_names_in_ordinal_order_and_files_apart_from_directories()
    {
        Disk.CreateDirectory("d/Z");
        Disk.CreateDirectory("d/y/below");
        Disk.CreateDirectory("d/ä");
        foreach (string name in new[] { "b", "a10", "B", "a9", "é", ".hidden", "a" })
        {
            Put($"d/{name}", "");
        }

        Assert.Equal([".hidden", "B", "a", "a10", "a9", "b", "é"], Disk.ListFiles("d"));
        Assert.Equal(["Z", "y", "ä"], Disk.ListDirectories("d"));
        Assert.Equal([], Disk.ListFiles(""));
        Assert.Equal(["d"], Disk.ListDirectories(""));
    }

    [Fact]
    public void A_directory_that_is_not_there_has_nothing_in_it()
    {
        Assert.Empty(Disk.ListFiles("no"));
        Assert.Empty(Disk.ListDirectories("no/no"));
    }

    [Fact]
    public void Directories_are_flushed_and_one_that_is_not_there_is_not()
    {
        Disk.CreateDirectory("d");
        Put("d/a", "content");

        Disk.FlushDirectory("d");
        Disk.FlushDirectory("");

        Assert.Equal("content", Get("d/a"));
        AssertFails(DiskError.NotFound, "no", () => Disk.FlushDirectory("no"));
    }

    [Fact]
    public void Who_comes_second_is_told_who_holds_the_lock()
    {
        using IDisposable held = Disk.Lock("LOCK", "process 4711 on host x since noon");

        DiskException refused = AssertFails(DiskError.Locked, "LOCK", () => Disk.Lock("LOCK", "process 4712").Dispose());

        Assert.Contains("process 4711 on host x since noon", refused.Message, StringComparison.Ordinal);
        Assert.Equal("process 4711 on host x since noon", Get("LOCK"));
    }

    [Fact]
    public void A_lock_that_was_given_back_is_free_and_its_next_holder_is_named_alone()
    {
        Disk.Lock("LOCK", "a holder with a long name").Dispose();

        Assert.True(Disk.FileExists("LOCK"));
        using IDisposable next = Disk.Lock("LOCK", "the next");
        Assert.Equal("the next", Get("LOCK"));
    }

    [Fact]
    public void Locks_of_two_files_are_two_locks()
    {
        using IDisposable one = Disk.Lock("one", "me");
        using IDisposable two = Disk.Lock("two", "me");

        Assert.Equal(["one", "two"], Disk.ListFiles(""));
    }

    protected static DiskException AssertFails(DiskError error, string path, Action action)
    {
        DiskException failure = Assert.Throws<DiskException>(action);
        Assert.Equal(error, failure.Error);
        Assert.Equal(path, failure.Path);
        return failure;
    }

    protected void Put(string path, string content)
    {
        using IDiskFile file = Disk.Open(path, DiskAccess.Create);
        file.Write(Encoding.UTF8.GetBytes(content), 0);
    }

    protected string Get(string path)
    {
        using IDiskFile file = Disk.Open(path, DiskAccess.Read);
        return Text(file);
    }

    private static string Text(IDiskFile file) => Encoding.UTF8.GetString(Bytes(file));

    private static byte[] Bytes(IDiskFile file)
    {
        byte[] content = new byte[file.Length];
        Fill(file, content, 0);
        return content;
    }

    // A read may be short for any reason.
    private static void Fill(IDiskFile file, Span<byte> buffer, long offset)
    {
        while (!buffer.IsEmpty)
        {
            int read = file.Read(buffer, offset);
            Assert.NotEqual(0, read);
            buffer = buffer[read..];
            offset += read;
        }
    }
}
