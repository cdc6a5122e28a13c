using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage.Tests.Snapshots;

public sealed class SnapshotStoreTests
{
    private readonly Shelf _shelf = new();

    [Fact]
    public void A_snapshot_is_flushed_before_it_is_named_and_its_name_before_it_is_returned()
    {
        _shelf.Put(1, Shelf.Content(5));
        _shelf.Put(2, Shelf.Content(5));

        string[] publications = [.. _shelf.Disk.Done.Where(line => line.StartsWith("flush", StringComparison.Ordinal)
            || line.StartsWith("rename", StringComparison.Ordinal))];
        Assert.Equal(
            [
                $"flush {Writing(1)}", $"rename {Writing(1)}", $"flush directory {Shelf.Directory}",
                "flush directory snapshots", "flush directory ",
                $"flush {Writing(2)}", $"rename {Writing(2)}", $"flush directory {Shelf.Directory}",
            ],
            publications);
    }

    [Fact] // H10: that a directory exists doesn't say that somebody has flushed it
    public void Names_found_at_start_are_made_durable_before_they_are_relied_on()
    {
        _shelf.Put(1, Shelf.Content(5));
        _shelf.Restart();
        _shelf.Disk.Done.Clear();

        Assert.NotNull(Newest());

        Assert.Equal(
            [$"flush directory {Shelf.Directory}", "flush directory snapshots", "flush directory "],
            _shelf.Disk.Done.Where(line => line.StartsWith("flush", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_was_being_written_at_a_crash_is_gone_and_nothing_else_is()
    {
        _shelf.Put(1, Shelf.Content(5));
        _shelf.Replace(Writing(2), [1, 2, 3]);
        string part = $"{Shelf.Directory}/{3:x16}-{2:x16}-{400:x16}.part";
        _shelf.Replace(part, [1]);
        _shelf.Replace($"{Shelf.Directory}/notes.tmp", [1]);

        _shelf.Restart();

        Assert.Equal([$"{1:x16}-{2:x16}.snap", part[(Shelf.Directory.Length + 1)..], "notes.tmp"], _shelf.Names);
        Assert.Equal([Shelf.Group], _shelf.Store.ListGroups());
        Assert.Empty(_shelf.Warnings);
    }

    [Fact]
    public void A_writer_that_is_given_up_leaves_nothing_and_one_at_a_time_writes()
    {
        using (SnapshotWriter writer = _shelf.Store.Create(Shelf.Group, Shelf.At(1)))
        {
            writer.Write(Shelf.Content(100));
            Assert.Equal(
                SnapshotError.Busy,
                Assert.Throws<SnapshotException>(() => _shelf.Store.Create(Shelf.Group, Shelf.At(1))).Error);
        }

        Assert.Empty(_shelf.Names);
        SnapshotWriter completed = _shelf.Store.Create(Shelf.Group, Shelf.At(1));
        completed.Complete();
        completed.Abandon();
        completed.Dispose();
        Assert.Single(_shelf.Names);
        Assert.Throws<ObjectDisposedException>(() => completed.Write([1]));
    }

    [Fact] // H04
    public void A_damaged_snapshot_is_set_aside_with_the_reason_and_the_next_is_taken()
    {
        byte[] older = Shelf.Content(40, seed: 1);
        _shelf.Put(1, older);
        for (int round = 1; round <= 2; round++)
        {
            _shelf.Put(2, Shelf.Content(40, seed: 2));
            _shelf.Flip(Shelf.PathOf(2), 110);

            Assert.Equal(EntryId.Of(2, 1), Newest()!.Last);
            Assert.Equal(older, _shelf.Get(EntryId.Of(2, 1)));
            Assert.Equal(2 + round - 1, _shelf.Names.Length);
        }

        SnapshotWarning warning = _shelf.Warnings[^1];
        Assert.Equal(Shelf.PathOf(2), warning.File);
        Assert.Equal(101, warning.Fault!.Offset);
        Assert.Contains("at byte 101: expected a chunk 0 with the CRC", warning.Text, StringComparison.Ordinal);
        Assert.Contains(".snap.damaged.2", warning.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_snapshot_that_comes_while_a_damaged_one_is_read_is_not_set_aside_in_its_place()
    {
        byte[] whole = Shelf.Content(40, seed: 2);
        _shelf.Put(1, Shelf.Content(40, seed: 1));
        _shelf.Put(2, whole);
        _shelf.Flip(Shelf.PathOf(2), 110);
        bool hasCome = false;
        _shelf.Disk.Rule = (operation, path) =>
        {
            if (!hasCome && operation == "read" && path == Shelf.PathOf(2))
            {
                hasCome = true;
                _shelf.Put(2, whole);
            }

            return null;
        };

        Assert.Equal(EntryId.Of(2, 2), Newest()!.Last);
        Assert.Equal(whole, _shelf.Get(EntryId.Of(2, 2)));
        Assert.Empty(_shelf.Warnings);
    }

    [Fact]
    public void All_damaged_is_none_and_all_are_kept()
    {
        for (ulong index = 1; index <= 3; index++)
        {
            _shelf.Put(index, Shelf.Content(40));
            _shelf.Flip(Shelf.PathOf(index), 130);
        }

        Assert.Null(Newest());
        Assert.Equal(3, _shelf.Warnings.Count);
        Assert.All(_shelf.Names, name => Assert.EndsWith(".snap.damaged", name, StringComparison.Ordinal));
        Assert.Equal(3, _shelf.Names.Length);
    }

    [Fact] // H18: a full disk is no reason not to start
    public void A_start_succeeds_where_nothing_can_be_renamed_or_deleted()
    {
        _shelf.Put(1, Shelf.Content(40));
        _shelf.Put(2, Shelf.Content(40));
        _shelf.Flip(Shelf.PathOf(2), 130);
        _shelf.Replace(Writing(3), [1]);
        _shelf.Disk.Rule = (operation, _) => operation is "rename" or "delete" or "write" or "create" ? DiskError.NoSpace : null;

        _shelf.Restart();

        Assert.Equal(EntryId.Of(2, 1), Newest()!.Last);
        Assert.Equal(2, _shelf.Warnings.Count);
        Assert.Equal(3, _shelf.Names.Length);
    }

    [Fact]
    public void A_snapshot_in_anothers_place_is_set_aside()
    {
        _shelf.Put(1, Shelf.Content(5));
        _shelf.Memory.Rename(Shelf.PathOf(1), Shelf.PathOf(5));
        Assert.Null(Newest());
        Assert.Contains("expected a snapshot up to 5@t2, found one up to 1@t2", _shelf.Warnings[0].Text, StringComparison.Ordinal);

        _shelf.Put(1, Shelf.Content(5));
        string elsewhere = "snapshots/0000000000000008";
        _shelf.Memory.CreateDirectory(elsewhere);
        _shelf.Memory.Rename(Shelf.PathOf(1), $"{elsewhere}/{1:x16}-{2:x16}.snap");
        Assert.Null(_shelf.Store.FindNewestValid(new GroupId(8), _shelf.Warnings));
        Assert.Contains("expected group g8, found group g7", _shelf.Warnings[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_clusters_snapshot_is_refused_with_both_values_and_left_alone()
    {
        _shelf.Put(1, Shelf.Content(5));
        _shelf.Restart(cluster: 0xC2);

        foreach (Action action in new Action[] { () => Newest(), () => _shelf.Get(EntryId.Of(2, 1)) })
        {
            SnapshotException refusal = Assert.Throws<SnapshotException>(action);
            Assert.Equal(SnapshotError.OtherCluster, refusal.Error);
            Assert.Contains("expected cluster cc2, found cluster cc1", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Empty(_shelf.Store.Prune(Shelf.Group, 1, _shelf.Warnings));
        Assert.Single(_shelf.Names);
    }

    [Fact] // An older one must not be taken for it: the log behind it may be gone.
    public void A_newer_format_is_refused_with_both_values_and_left_alone()
    {
        _shelf.Put(1, Shelf.Content(5));
        _shelf.Put(2, Shelf.Content(5));
        byte[] bytes = _shelf.Bytes(Shelf.PathOf(2));
        bytes[8] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(97), Crc32C.Of(bytes.AsSpan(0, 97)));
        _shelf.Replace(Shelf.PathOf(2), bytes);

        SnapshotException refusal = Assert.Throws<SnapshotException>(Newest);

        Assert.Equal(SnapshotError.UnknownFormat, refusal.Error);
        Assert.Contains("expected format 1, the newest this program reads, found format 2", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(2, _shelf.Names.Length);
        Assert.Equal(
            [SnapshotValidity.UnknownFormat, SnapshotValidity.Valid],
            _shelf.Store.List(Shelf.Group).Select(listing => listing.Verdict.Validity));
    }

    [Fact]
    public void Pruning_keeps_the_newest_valid_ones_and_the_damaged()
    {
        for (ulong index = 1; index <= 6; index++)
        {
            _shelf.Put(index, Shelf.Content(40));
        }

        _shelf.Flip(Shelf.PathOf(5), 130);
        _shelf.Flip(Shelf.PathOf(2), 130);
        _shelf.Disk.Done.Clear();

        Assert.Equal([Shelf.PathOf(1), Shelf.PathOf(3)], _shelf.Store.Prune(Shelf.Group, 2, _shelf.Warnings));
        Assert.Equal(
            [$"{2:x16}-{2:x16}.snap.damaged", $"{4:x16}-{2:x16}.snap", $"{5:x16}-{2:x16}.snap.damaged", $"{6:x16}-{2:x16}.snap"],
            _shelf.Names);
        Assert.Equal($"flush directory {Shelf.Directory}", _shelf.Disk.Done[^1]);
        Assert.Empty(_shelf.Store.Prune(Shelf.Group, 2, _shelf.Warnings));
    }

    [Fact]
    public void Pruning_never_takes_the_only_valid_one_nor_one_in_use()
    {
        for (ulong index = 1; index <= 3; index++)
        {
            _shelf.Put(index, Shelf.Content(40));
        }

        using (SnapshotReader reader = _shelf.Store.Open(Shelf.Group, EntryId.Of(2, 1)))
        using (_shelf.Store.Open(Shelf.Group, EntryId.Of(2, 1)))
        {
            Assert.Equal([Shelf.PathOf(2)], _shelf.Store.Prune(Shelf.Group, 1, _shelf.Warnings));
            Assert.Equal(40, reader.Read(new byte[50]));
        }

        _shelf.Flip(Shelf.PathOf(3), 130);
        Assert.Empty(_shelf.Store.Prune(Shelf.Group, 1, _shelf.Warnings));
        Assert.Equal(EntryId.Of(2, 1), Newest()!.Last);
    }

    [Fact]
    public void Pruning_takes_a_receipt_that_was_overtaken()
    {
        foreach (ulong index in new ulong[] { 4, 6 })
        {
            _shelf.Replace($"{Shelf.Directory}/{index:x16}-{2:x16}-{400:x16}.part", [1]);
        }

        _shelf.Put(5, Shelf.Content(40));

        Assert.Contains($"{4:x16}", Assert.Single(_shelf.Store.Prune(Shelf.Group, 1, _shelf.Warnings)), StringComparison.Ordinal);
        Assert.Equal(2, _shelf.Names.Length);
    }

    [Fact]
    public void Newest_is_by_index_and_the_list_has_all()
    {
        _shelf.Put(16, Shelf.Content(1), term: 2);
        _shelf.Put(9, Shelf.Content(2), term: 2);
        _shelf.Put(0x100, Shelf.Content(3), term: 3);

        Assert.Equal([0x100ul, 16, 9], _shelf.Store.List(Shelf.Group).Select(listing => listing.Last.Index.Value));
        Assert.Equal(EntryId.Of(3, 0x100), Newest()!.Last);
        Assert.Null(_shelf.Store.FindNewestValid(new GroupId(99), _shelf.Warnings));
        Assert.Equal(
            SnapshotError.NotFound,
            Assert.Throws<SnapshotException>(() => _shelf.Store.Open(Shelf.Group, EntryId.Of(1, 1))).Error);
    }

    [Theory]
    [InlineData("create directory")]
    [InlineData("create")]
    [InlineData("write")]
    [InlineData("rename")]
    public void A_full_disk_costs_the_snapshot_and_nothing_else(string operation)
    {
        _shelf.Disk.Rule = (what, _) => what == operation ? DiskError.NoSpace : null;

        Assert.Equal(SnapshotError.NoSpace, Assert.Throws<SnapshotException>(() => _shelf.Put(1, Shelf.Content(50))).Error);
        Assert.Empty(_shelf.Names);

        _shelf.Disk.Rule = (_, _) => null;
        _shelf.Put(1, Shelf.Content(50));
    }

    [Theory]
    [InlineData("write", DiskError.Failed)]
    [InlineData("flush", DiskError.Failed)]
    [InlineData("flush", DiskError.NoSpace)]
    [InlineData("rename", DiskError.Failed)]
    [InlineData("flush directory", DiskError.Failed)]
    public void A_failed_flush_or_write_is_final(string operation, DiskError error)
    {
        _shelf.Put(1, Shelf.Content(50));
        _shelf.Disk.Rule = (what, _) => what == operation ? error : null;
        StorageFailedException failure = Assert.Throws<StorageFailedException>(() => _shelf.Put(2, Shelf.Content(50)));
        Assert.Equal(operation, failure.Operation);
        Assert.Equal(error, Assert.IsType<DiskException>(failure.InnerException).Error);

        _shelf.Disk.Rule = (_, _) => null;
        Assert.Throws<StorageFailedException>(() => _shelf.Put(3, Shelf.Content(50)));
        Assert.Throws<StorageFailedException>(() => _shelf.Store.Prune(Shelf.Group, 1, _shelf.Warnings));
        Assert.Equal(50, _shelf.Get(EntryId.Of(2, 1)).Length);
        Assert.True(_shelf.Memory.FileExists(Shelf.PathOf(1)));
    }

    [Fact]
    public void Content_is_read_from_any_offset_and_rot_is_found_where_it_is()
    {
        byte[] content = Shelf.Content(60);
        _shelf.Put(1, content);
        using SnapshotReader reader = _shelf.Store.Open(Shelf.Group, EntryId.Of(2, 1));
        for (int offset = 0; offset <= content.Length; offset++)
        {
            byte[] read = new byte[20];
            int count = reader.Read(read, offset);
            Assert.Equal(content.AsSpan(offset, Math.Min(20, content.Length - offset)), read.AsSpan(0, count));
        }

        Assert.Equal(0, reader.Read(new byte[1], long.MaxValue));
        _shelf.Flip(Shelf.PathOf(1), 101 + 24 + 8);

        // A fresh reader: what one has verified and holds in memory is sound.
        using SnapshotReader fresh = _shelf.Store.Open(Shelf.Group, EntryId.Of(2, 1));
        Assert.Equal(16, fresh.Read(new byte[16]));
        SnapshotException refusal = Assert.Throws<SnapshotException>(() => fresh.Read(new byte[16]));
        Assert.Equal((SnapshotError.Damaged, 125L), (refusal.Error, refusal.Fault!.Offset));
        Assert.Equal(SnapshotError.Damaged, Assert.Throws<SnapshotException>(() => fresh.ReadRaw(100, new byte[90])).Error);
    }

    [Fact]
    public void A_snapshot_of_any_size_streams_in_the_memory_of_a_chunk()
    {
        _shelf.Restart(SnapshotStore.ChunkBytesDefault);
        _shelf.Disk.ForgetsContent = true;
        byte[] piece = new byte[50_000];
        using SnapshotWriter writer = _shelf.Store.Create(Shelf.Group, Shelf.At(1));
        writer.Write(piece);

        // The least of some rounds: what the runtime does for itself when it compiles anew, it does once.
        long least = long.MaxValue;
        for (int round = 1; round <= 4; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            while (writer.ContentBytes < round * 64L * 1024 * 1024)
            {
                writer.Write(piece);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static string Writing(ulong index) => $"{Shelf.Directory}/{index:x16}-{2:x16}.tmp";

    private Snapshot? Newest() => _shelf.Store.FindNewestValid(Shelf.Group, _shelf.Warnings);
}
