using Graft.Consensus;
using Graft.Simulation.Disks;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Writer;

public sealed class RefusedWritesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly GroupId H = new(8);

    private readonly RefusedWrites _refused = new();

    [Fact]
    public void On_a_full_disk_another_group_votes_and_a_compaction_frees_what_a_command_waits_for()
    {
        var disk = new SimulatedDisk(new SeededRandom(1));
        WriteAheadLog log = Open(disk);
        ulong last = Fill(disk, log);
        var told = new Told();
        LogWrite first = Commands(last + 1);
        LogWrite second = Commands(last + 2);
        using (var writer = new LogWriter(log))
        {
            writer.Submit(first, told);
            writer.Submit(second, told);
            Assert.Equal(2, told.AwaitFailed(2, Patience));

            writer.Submit(Vote(H, 5), told);
            Assert.Equal(1, told.AwaitDurable(1, Patience));
            writer.Submit(Compaction(G, 1, last), told);
            Assert.Equal(2, told.AwaitDurable(2, Patience));

            // In its batch, or in a mark before it, the log says that the segments are free.
            writer.Submit(Vote(H, 6), told);
            Assert.Equal(3, told.AwaitDurable(3, Patience));
            writer.Submit(first, told);
            writer.Submit(second, told);
            Assert.Equal(5, told.AwaitDurable(5, Patience));
            Assert.Equal(2, told.Failures.Count);
        }

        disk.Crash(CrashMode.LoseAll);
        using WriteAheadLog again = Open(disk);
        Assert.Equal([EntryId.Of(1, last + 1), EntryId.Of(1, last + 2)], again.ReadAll(G, last + 1, last + 2).Select(entry => entry.Id));
        Assert.Equal(new Term(6), again.Recovery.Groups.Single(group => group.Id == H).HardState.Term);
    }

    [Fact]
    public void Behind_a_refused_write_its_group_waits_in_order_and_others_do_not()
    {
        LogWrite first = Commands(11);
        LogWrite second = Commands(12);
        LogWrite vote = Vote(G, 5);
        Assert.False(_refused.MustWait(first));
        _refused.Note(first);

        Assert.True(_refused.MustWait(second));
        Assert.True(_refused.MustWait(vote));
        Assert.False(_refused.MustWait(Vote(H, 5)));

        Assert.False(_refused.MustWait(first));
        Assert.False(_refused.MustWait(second));
        Assert.False(_refused.MustWait(vote));
    }

    [Fact]
    public void Only_a_compaction_below_all_that_waits_goes_ahead()
    {
        _refused.Note(Commands(11));
        Assert.False(_refused.MustWait(Compaction(G, 1, 10)));
        Assert.True(_refused.MustWait(Compaction(G, 1, 11)));
    }

    [Fact]
    public void A_compaction_does_not_go_ahead_of_a_truncation_that_waits_behind_the_first()
    {
        _refused.Note(Commands(11));
        Assert.True(_refused.MustWait(Truncation(G, 7)));

        Assert.True(_refused.MustWait(Compaction(G, 1, 8)));
    }

    [Fact]
    public void A_compaction_does_not_go_ahead_of_an_earlier_one_that_waits()
    {
        LogWrite first = Commands(11);
        _refused.Note(first);
        LogWrite earlier = Compaction(G, 1, 5);
        Assert.False(_refused.MustWait(earlier));
        _refused.Note(earlier);

        Assert.True(_refused.MustWait(Compaction(G, 1, 6)));
        Assert.False(_refused.MustWait(first));
    }

    [Fact]
    public void What_compacts_and_does_something_else_waits()
    {
        _refused.Note(Commands(11));
        foreach (Action<LogWrite> besides in (Action<LogWrite>[])
            [w => w.HardState = new HardState(new Term(2), null, default), w => w.IsReset = true, w => w.TruncateAfter = new LogIndex(6), w => w.ForgetsLoss = true])
        {
            LogWrite write = Compaction(G, 1, 5);
            besides(write);
            Assert.True(_refused.MustWait(write));
        }
    }

    /// <summary>Entries of 2000 bytes until the disk is full, and the next of them would be refused.</summary>
    private static ulong Fill(SimulatedDisk disk, WriteAheadLog log)
    {
        log.Append(G, term: 1, first: 1, last: 1);
        log.MaintainAll();
        disk.QuotaBytes = disk.UsedBytes;
        for (ulong index = 2; ; index++)
        {
            LogWrite write = Commands(index);
            if (log.Stage(write) == StageOutcome.NoSpace)
            {
                return index - 1;
            }

            log.Write();
            log.Flush();
            log.Maintain();
        }
    }

    private static LogWrite Commands(ulong index)
    {
        var write = new LogWrite();
        write.Begin(G);
        write.Add(Entry(1, index, 2000));
        return write;
    }

    private static LogWrite Vote(GroupId group, ulong term)
    {
        var write = new LogWrite();
        write.Begin(group);
        write.HardState = new HardState(new Term(term), new NodeId(2), LogIndex.Zero);
        return write;
    }
}
