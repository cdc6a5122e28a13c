using Graft.Consensus;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Log;

/// <summary>What a log does on whatever disk: each kind runs these.</summary>
public abstract class LogContract
{
    protected abstract IDisk Disk { get; }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_appended_is_read_again_after_any_kind_of_stop(bool isClosed)
    {
        WriteAheadLog log = Open(Disk);
        log.Append(G, term: 1, first: 1, last: 30, size: 300);
        log.Append(G, term: 2, first: 31, last: 31, size: Options.MaxPayloadBytes);
        Stop(log, isClosed);

        using WriteAheadLog again = Open(Disk);

        Assert.Equal(isClosed, again.Recovery.WasClean);
        Assert.Equal(EntryId.Of(2, 31), again.LastOf(G));
        List<StoredEntry> entries = again.ReadAll(G, 1, 31);
        Assert.Equal(Payload(1, 17, 300), entries[16].Payload.ToArray());
        Assert.Equal(Options.MaxPayloadBytes, entries[30].Payload.Length);
    }

    [Fact]
    public void Groups_share_a_batch_and_a_flush_and_nothing_else()
    {
        WriteAheadLog log = Open(Disk);
        var writes = new List<LogWrite>();
        for (ulong group = 1; group <= 20; group++)
        {
            var write = new LogWrite();
            write.Begin(new GroupId(group));
            write.HardState = new HardState(new Term(group), new NodeId(group % 3), LogIndex.Zero);
            write.Add(Entry(group, 1));
            Assert.Equal(StageOutcome.Staged, log.Stage(write));
            writes.Add(write);
        }

        log.Write();
        FlushToken token = log.Flush();
        Assert.All(writes, write => Assert.True(token.Covers(write)));
        Stop(log, isClosed: false);

        using WriteAheadLog again = Open(Disk);

        Assert.Equal(20, again.Recovery.Groups.Length);
        Assert.All(again.Recovery.Groups, group =>
        {
            Assert.Equal(new HardState(new Term(group.Id.Value), new NodeId(group.Id.Value % 3), LogIndex.Zero), group.HardState);
            Assert.Equal(EntryId.Of(group.Id.Value, 1), group.Last);
        });
    }

    [Fact]
    public void Votes_without_entries_are_remembered_and_so_is_the_kind_of_the_log()
    {
        WriteAheadLog log = Open(Disk);
        var state = new HardState(new Term(9), new NodeId(0), LogIndex.Zero, LogKind.HeadersOnly);
        var write = new LogWrite();
        write.Begin(G);
        write.HardState = state;
        log.Commit(write);
        Stop(log, isClosed: false);

        using WriteAheadLog again = Open(Disk);

        Assert.Equal(state, Assert.Single(again.Recovery.Groups).HardState);
    }

    [Fact]
    public void A_reset_drops_the_log_and_begins_behind_the_snapshot()
    {
        WriteAheadLog log = Open(Disk);
        log.Append(G, term: 1, first: 1, last: 30);
        LogWrite write = Compaction(G, term: 4, index: 100);
        write.IsReset = true;
        write.Add(Entry(4, 101));
        log.Commit(write);
        Stop(log, isClosed: false);

        using WriteAheadLog again = Open(Disk);

        RecoveredGroup group = Assert.Single(again.Recovery.Groups);
        Assert.Equal(EntryId.Of(4, 100), group.Start.At);
        Assert.Equal(new byte[] { 1, 2, 3 }, group.Start.Membership.ToArray());
        Assert.Equal(EntryId.Of(4, 101), group.Last);
    }

    [Fact]
    public void A_removed_group_is_gone_and_may_begin_again()
    {
        WriteAheadLog log = Open(Disk);
        log.Append(G, term: 5, first: 1, last: 30);
        var removal = new LogWrite();
        removal.Begin(G);
        removal.IsRemoval = true;
        log.Commit(removal);
        log.Append(new GroupId(8), term: 1, first: 1, last: 1);
        Stop(log, isClosed: false);

        WriteAheadLog again = Open(Disk);
        Assert.Equal(new GroupId(8), Assert.Single(again.Recovery.Groups).Id);
        again.Append(G, term: 1, first: 1, last: 2);
        Stop(again, isClosed: true);

        using WriteAheadLog third = Open(Disk);
        Assert.Equal(EntryId.Of(1, 2), third.LastOf(G));
    }

    [Fact]
    public void Headers_alone_are_kept_with_the_checksum_of_the_whole()
    {
        WriteAheadLog log = Open(Disk);
        StoredEntry whole = Entry(1, 1);
        var write = new LogWrite();
        write.Begin(G);
        write.Add(whole with { Payload = ReadOnlyMemory<byte>.Empty, IsHeaderOnly = true });
        log.Commit(write);
        Stop(log, isClosed: false);

        using WriteAheadLog again = Open(Disk);

        StoredEntry read = Assert.Single(again.ReadAll(G, 1, 1));
        Assert.True(read.IsHeaderOnly);
        Assert.Equal(whole.Checksum, read.Checksum);
    }

    [Fact]
    public void An_entry_that_changed_since_its_birth_is_refused_at_the_door()
    {
        using WriteAheadLog log = Open(Disk);
        byte[] payload = Payload(1, 1, 50);
        StoredEntry entry = StoredEntry.Born(EntryId.Of(1, 1), EntryKind.Command, payload);
        payload[20] ^= 1;
        var write = new LogWrite();
        write.Begin(G);
        write.Add(entry);

        Assert.Contains("born", Assert.Throws<ArgumentException>(() => log.Stage(write)).Message, StringComparison.Ordinal);
        Assert.Equal(EntryId.Zero, log.LastOf(G));
    }

    [Fact]
    public void The_second_to_open_is_told_who_was_first()
    {
        using WriteAheadLog log = WriteAheadLog.Open(Disk, Options with { Holder = "process 4711 on alpha" });

        Assert.Contains("4711", Assert.Throws<StorageRefusedException>(() => Open(Disk)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_opening_counts()
    {
        for (uint i = 1; i <= 5; i++)
        {
            WriteAheadLog log = Open(Disk);
            Assert.Equal(new Incarnation(i), log.Incarnation);
            Stop(log, isClosed: i % 2 == 0);
        }
    }

    private static void Stop(WriteAheadLog log, bool isClosed)
    {
        if (isClosed)
        {
            log.Close();
        }
        else
        {
            log.Dispose();
        }
    }
}
