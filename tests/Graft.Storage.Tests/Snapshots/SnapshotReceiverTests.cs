using Graft.Consensus;

namespace Graft.Storage.Tests.Snapshots;

public sealed class SnapshotReceiverTests
{
    private readonly Shelf _sender = new();
    private readonly Shelf _shelf = new();
    private readonly Snapshot _snapshot;
    private readonly byte[] _bytes;

    public SnapshotReceiverTests()
    {
        _snapshot = _sender.Put(9, Shelf.Content(60));
        using SnapshotReader reader = _sender.Store.Open(Shelf.Group, _snapshot.Last);
        _bytes = new byte[reader.FileBytes];
        Assert.Equal(_bytes.Length, reader.ReadRaw(0, _bytes));
        Assert.Equal(_sender.Bytes(Shelf.PathOf(9)), _bytes);
    }

    [Fact]
    public void What_arrives_in_pieces_of_any_size_is_the_senders_file()
    {
        for (int piece = 1; piece <= _bytes.Length; piece++)
        {
            using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
            foreach (byte[] part in _bytes.Chunk(piece))
            {
                Assert.False(receiver.IsWhole);
                Assert.True(receiver.Write(receiver.ResumeOffset, part).IsAccepted);
            }

            Assert.Equal(_bytes.Length, receiver.VerifiedBytes);
            Assert.Equal(_snapshot, receiver.Complete());
            Assert.Equal(_bytes, _shelf.Bytes(Shelf.PathOf(9)));
            Assert.Single(_shelf.Names);
        }
    }

    [Fact]
    public void After_a_crash_anywhere_receipt_goes_on_behind_the_last_whole_unit()
    {
        for (int received = 0; received <= _bytes.Length; received++)
        {
            long verified = Receive(received);
            _shelf.Restart();

            using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
            Assert.Equal(verified, receiver.ResumeOffset);
            Assert.InRange(verified, Math.Max(0, received - 101), received);
            Assert.True(receiver.Write(verified, _bytes.AsSpan((int)verified)).IsAccepted);
            receiver.Complete();
            Assert.Equal(_bytes, _shelf.Bytes(Shelf.PathOf(9)));
        }
    }

    [Fact]
    public void What_a_crash_did_to_the_received_part_is_received_again()
    {
        long verified = Receive(_bytes.Length - 40);
        string part = $"{Shelf.Directory}/{Assert.Single(_shelf.Names)}";
        byte[] begun = _shelf.Bytes(part);
        Assert.Equal(verified, begun.Length);
        for (int position = 0; position < begun.Length; position++)
        {
            byte[] spoiled = [.. begun];
            spoiled[position] ^= 1;
            _shelf.Replace(part, [.. spoiled, 0, 0]);

            using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
            Assert.InRange(receiver.ResumeOffset, 0, position);
            Assert.Equal(receiver.ResumeOffset, _shelf.Bytes(part).Length);
            Assert.True(receiver.Write(receiver.ResumeOffset, _bytes.AsSpan((int)receiver.ResumeOffset)).IsAccepted);
            Assert.True(receiver.IsWhole);
        }
    }

    [Fact] // Rebello et al., ATC'20: what can be read need not be on the disk
    public void What_is_resumed_is_written_again_before_it_is_flushed()
    {
        Receive(_bytes.Length);
        _shelf.Restart();
        _shelf.Disk.Done.Clear();

        using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
        Assert.True(receiver.IsWhole);
        receiver.Complete();

        Assert.Equal(6, _shelf.Disk.Done.Count(line => line.StartsWith("write", StringComparison.Ordinal)));
        Assert.Equal(_bytes, _shelf.Bytes(Shelf.PathOf(9)));
    }

    [Fact]
    public void A_piece_from_another_place_is_refused_and_told_the_right_one()
    {
        using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
        receiver.Write(0, _bytes.AsSpan(0, 120));

        foreach (long offset in new long[] { 0, 101, 119, 121, long.MaxValue, -1 })
        {
            Assert.Equal(
                new SnapshotReceipt(SnapshotReceiptOutcome.WrongOffset, 120, null), receiver.Write(offset, _bytes.AsSpan(0, 5)));
        }

        Assert.Equal(SnapshotReceiptOutcome.BehindEnd, receiver.Write(120, new byte[_bytes.Length - 119]).Outcome);
        Assert.Equal(SnapshotError.Incomplete, Assert.Throws<SnapshotException>(receiver.Complete).Error);
        Assert.True(receiver.Write(120, _bytes.AsSpan(120)).IsAccepted);
        receiver.Complete();
    }

    [Fact]
    public void A_flip_on_the_way_costs_the_unit_that_it_hit()
    {
        for (int position = 0; position < _bytes.Length; position++)
        {
            using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
            byte[] spoiled = [.. _bytes];
            spoiled[position] ^= 0x10;

            SnapshotReceipt receipt = receiver.Write(0, spoiled);
            if (receipt.IsAccepted)
            {
                // The length in a chunk's head became larger than what was left.
                Assert.False(receiver.IsWhole);
                receiver.Abandon();
                continue;
            }

            Assert.Equal(SnapshotReceiptOutcome.Damaged, receipt.Outcome);
            Assert.InRange(receipt.ResumeOffset, 0, position);
            Assert.True(receiver.Write(receipt.ResumeOffset, _bytes.AsSpan((int)receipt.ResumeOffset)).IsAccepted);
            receiver.Complete();
            Assert.Equal(_bytes, _shelf.Bytes(Shelf.PathOf(9)));
        }
    }

    [Fact]
    public void Another_file_behind_the_same_announcement_is_received_from_its_start()
    {
        Receive(_bytes.Length - 40);
        _sender.Put(9, Shelf.Content(60, seed: 2));
        byte[] other = _sender.Bytes(Shelf.PathOf(9));
        Assert.Equal(_bytes.Length, other.Length);

        using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
        int attempts = 0;
        while (!receiver.IsWhole)
        {
            receiver.Write(receiver.ResumeOffset, other.AsSpan((int)receiver.ResumeOffset));
            Assert.InRange(++attempts, 1, 3);
        }

        receiver.Complete();
        Assert.Equal(other, _shelf.Bytes(Shelf.PathOf(9)));
    }

    [Fact]
    public void A_receipt_of_another_snapshot_starts_anew()
    {
        Receive(150);
        Snapshot next = _sender.Put(10, Shelf.Content(60));

        using (SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, next))
        {
            Assert.Equal(0, receiver.ResumeOffset);
            Assert.Single(_shelf.Names);
            Assert.Equal(SnapshotReceiptOutcome.Damaged, receiver.Write(0, _bytes).Outcome);
        }

        using SnapshotReceiver longer = _shelf.Store.OpenReceive(Shelf.Group, next with { Bytes = next.Bytes + 1 });
        Assert.Equal(SnapshotReceiptOutcome.Damaged, longer.Write(0, _sender.Bytes(Shelf.PathOf(10))).Outcome);
        Assert.Equal(0, longer.ResumeOffset);
        Assert.Single(_shelf.Names);
    }

    [Fact]
    public void Another_clusters_snapshot_is_refused_with_both_values()
    {
        _shelf.Restart(cluster: 0xC2);
        using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);

        SnapshotReceipt receipt = receiver.Write(0, _bytes);

        Assert.Equal(SnapshotReceiptOutcome.OtherCluster, receipt.Outcome);
        Assert.Equal("at byte 16: expected cluster cc2, found cluster cc1", receipt.Fault!.ToString());
    }

    [Fact]
    public void A_group_receives_one_at_a_time_and_nobody_writes_what_is_received()
    {
        using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);

        AssertBusy(() => _shelf.Store.OpenReceive(Shelf.Group, _snapshot));
        AssertBusy(() => _shelf.Store.OpenReceive(Shelf.Group, Shelf.At(10) with { Bytes = 300 }));
        AssertBusy(() => _shelf.Store.Create(Shelf.Group, Shelf.At(9)));
        _shelf.Store.Create(Shelf.Group, Shelf.At(10)).Dispose();
        _shelf.Store.OpenReceive(new GroupId(8), _snapshot).Abandon();
        receiver.Abandon();
        _shelf.Store.OpenReceive(Shelf.Group, _snapshot).Abandon();
        Assert.Empty(_shelf.Names);
    }

    [Fact]
    public void A_full_disk_ends_the_receipt_and_nothing_else()
    {
        SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
        _shelf.Disk.Rule = (operation, _) => operation == "write" ? DiskError.NoSpace : null;

        SnapshotException refusal = Assert.Throws<SnapshotException>(() => receiver.Write(0, _bytes));
        Assert.Equal(SnapshotError.NoSpace, refusal.Error);
        Assert.Empty(_shelf.Names);
        Assert.Throws<ObjectDisposedException>(() => receiver.Write(0, _bytes));

        _shelf.Disk.Rule = (_, _) => null;
        using SnapshotReceiver again = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
        Assert.True(again.Write(0, _bytes).IsAccepted);
        again.Complete();
    }

    private static void AssertBusy(Action action) =>
        Assert.Equal(SnapshotError.Busy, Assert.Throws<SnapshotException>(action).Error);

    private long Receive(int bytes)
    {
        using SnapshotReceiver receiver = _shelf.Store.OpenReceive(Shelf.Group, _snapshot);
        Assert.True(receiver.Write(receiver.ResumeOffset, _bytes.AsSpan(0, bytes)).IsAccepted);
        Assert.Equal(bytes, receiver.ResumeOffset);
        Assert.Equal(_snapshot.Bytes, receiver.TotalBytes);
        return receiver.VerifiedBytes;
    }
}
