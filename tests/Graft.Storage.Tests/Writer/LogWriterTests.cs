using System.Collections.Concurrent;
using Graft.Consensus;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Writer;

public sealed class LogWriterTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly GatedDisk _disk = new(new MemoryDisk());

    public void Dispose() => _disk.Dispose();

    [Fact]
    public void What_waits_during_a_flush_goes_into_the_next_batch_together()
    {
        var told = new Told();
        using var writer = new LogWriter(Open(_disk));
        _disk.Close();
        writer.Submit(Write(1), told);
        _disk.AwaitFlush(Patience);
        for (ulong i = 2; i <= 100; i++)
        {
            writer.Submit(Write(i), told);
        }

        long before = writer.Flushes;
        _disk.Open();

        Assert.Equal(100, told.AwaitDurable(100, Patience));
        Assert.InRange(writer.Flushes - before, 1, 3);
    }

    [Fact]
    public void Nothing_is_told_before_the_flush_has_ended()
    {
        var told = new Told();
        using var writer = new LogWriter(Open(_disk));
        _disk.Close();
        writer.Submit(Write(1), told);
        _disk.AwaitFlush(Patience);

        Assert.Equal(0, told.Durable);
        _disk.Open();
        Assert.Equal(1, told.AwaitDurable(1, Patience));
    }

    [Fact]
    public void Stopping_writes_what_was_submitted_and_closes_in_order()
    {
        var told = new Told();
        using (var writer = new LogWriter(Open(_disk)))
        {
            for (ulong i = 1; i <= 50; i++)
            {
                writer.Submit(Write(i), told);
            }
        }

        Assert.Equal(50, told.Durable);
        using WriteAheadLog again = Open(_disk);
        Assert.True(again.Recovery.WasClean);
        Assert.Equal(50ul, again.LastOf(G).Index.Value);
    }

    [Fact]
    public void A_failed_flush_fails_everything_that_waits_and_all_that_comes_later()
    {
        var told = new Told();
        var over = new ConcurrentQueue<StorageFailedException>();
        using var writer = new LogWriter(Open(_disk), new LogWriterOptions { OnFailed = over.Enqueue });
        _disk.Close();
        writer.Submit(Write(1), told);
        _disk.AwaitFlush(Patience);
        writer.Submit(Write(2), told);
        _disk.FailNextFlush();
        _disk.Open();

        Assert.Equal(2, told.AwaitFailed(2, Patience));
        writer.Submit(Write(3), told);
        Assert.Equal(3, told.AwaitFailed(3, Patience));
        Assert.Equal(0, told.Durable);
        Assert.All(told.Failures, failure => Assert.IsType<StorageFailedException>(failure));
        Assert.Single(over);
    }

    [Fact]
    public void A_write_that_makes_no_sense_harms_nobody_else()
    {
        var told = new Told();
        using var writer = new LogWriter(Open(_disk));
        writer.Submit(Write(1), told);
        writer.Submit(Write(7), told);
        writer.Submit(Write(2), told);

        Assert.Equal(2, told.AwaitDurable(2, Patience));
        Assert.IsType<ArgumentException>(Assert.Single(told.Failures));
    }

    [Fact]
    public void Bytes_that_changed_since_their_birth_are_refused_though_the_write_was_good_before()
    {
        var told = new Told();
        byte[] payload = [1, 2, 3, 4];
        var write = new LogWrite();
        using var writer = new LogWriter(Open(_disk));
        write.Begin(G);
        write.Add(StoredEntry.Born(EntryId.Of(1, 1), EntryKind.Command, payload));
        writer.Submit(write, told);
        Assert.Equal(1, told.AwaitDurable(1, Patience));

        write.Begin(G);
        write.Add(StoredEntry.Born(EntryId.Of(1, 2), EntryKind.Command, payload));
        payload[2] ^= 1;
        writer.Submit(write, told);

        Assert.Equal(1, told.AwaitFailed(1, Patience));
        Assert.IsType<ArgumentException>(Assert.Single(told.Failures));
        Assert.Equal(1, told.Durable);
    }

    private static LogWrite Write(ulong index)
    {
        var write = new LogWrite();
        write.Begin(G);
        write.Add(Entry(1, index));
        return write;
    }
}
