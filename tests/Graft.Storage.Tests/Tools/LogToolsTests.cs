using Graft.Consensus;
using Graft.Storage.Tests.Fuzzing;
using Graft.Storage.Tests.Log;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Tools;

public sealed class LogToolsTests
{
    private const string First = "log/0000000000000001.log";

    [Fact]
    public void A_sound_log_is_told_record_by_record()
    {
        MemoryDisk disk = Healthy().ToDisk();

        Assert.Equal(
            """
            0000000000000001.log@4096                1        1 segments   -        0@t0                   0 -        ok
            0000000000000001.log@4160                2        1 command    g7       1@t1                  16 -        ok
            0000000000000001.log@4240                3        1 command    g7       2@t1                  16 -        ok
            0000000000000001.log@4320                4        1 end        -        4@t1                 112 -        ok
            0000000000000001.log@4496                5        2 truncate   g7       1@t0                   0 -        ok
            0000000000000001.log@4560                6        2 end        -        2@t1                 112 -        ok
            0000000000000001.log@8192                7        3 end        -        1@t1                 112 clean    ok
            """,
            string.Join('\n', LogTools.Dump(disk)));
        Assert.Equal("01000000000000000100000000000000 |................|", LogTools.Dump(disk).First(record => record.IsEntry).Preview());
        LogVerdict verdict = LogTools.Verify(disk);
        Assert.Equal((LogState.Sound, "", 1, 7L), (verdict.State, verdict.Explanation, verdict.Segments, verdict.Records));
        Assert.Equal(
            "0000000000000001.log 65536 B live, of n3 in cb, format 1, records 1..7, batches 1..3, g7 1..2",
            LogTools.List(disk)[0].ToString());
    }

    [Fact]
    public void A_preview_has_nothing_that_a_terminal_would_obey()
    {
        var record = new LogRecord("s", 0, 1, 1, "command", G, EntryId.Of(1, 1), 7, "-", "", "A\e[31m\n~"u8.ToArray());

        Assert.Equal("411b5b33316d0a7e |A.[31m.~|", record.Preview());
    }

    [Fact]
    public void Records_are_chosen_by_group_and_index()
    {
        MemoryDisk disk = Healthy().ToDisk();

        Assert.Equal([EntryId.Of(1, 2)], LogTools.Dump(disk, G, new LogIndex(2)).Select(record => record.Id));
        Assert.Empty(LogTools.Dump(disk, new GroupId(8)));
    }

    [Theory]
    [InlineData(4160, "R1: the header has the check")]
    [InlineData(4240 + 64, "R5: the body has the checksum")]
    public void Damage_below_the_durable_mark_is_explained(int at, string rule)
    {
        HostileLog log = Healthy(truncates: false);
        log.Files[First][at + 8] ^= 1;

        LogVerdict verdict = LogTools.Verify(log.ToDisk());

        Assert.Equal(LogState.Damaged, verdict.State);
        Assert.StartsWith($"{First} at byte {(at & ~15) - (at > 4300 ? 64 : 0)}: {rule}", verdict.Explanation, StringComparison.Ordinal);
        Assert.Contains("g7 keeps its entries up to", verdict.Explanation, StringComparison.Ordinal);
        Assert.Contains("Copy the directory before anything else", verdict.Explanation, StringComparison.Ordinal);
        Assert.NotNull(Assert.Single(verdict.Groups).Lost);
        Assert.Contains(LogTools.Dump(log.ToDisk()), record => record.Fault.StartsWith(rule, StringComparison.Ordinal));
    }

    [Fact]
    public void Records_out_of_their_chain_and_of_another_segment_are_named()
    {
        HostileLog chain = Healthy(truncates: false);
        chain.Files[First][4240 + 4] ^= 1;
        HostileLog.Seal(chain.Files[First], 4240, isChained: false);
        HostileLog stray = Healthy(truncates: false);
        stray.Files[First][4240 + 56] ^= 1;
        HostileLog.Seal(stray.Files[First], 4240, isChained: false);

        Assert.Contains("R4: ", LogTools.Verify(chain.ToDisk()).Explanation, StringComparison.Ordinal);
        Assert.Contains("R3: ", LogTools.Verify(stray.ToDisk()).Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void A_torn_end_is_no_damage()
    {
        HostileLog log = Healthy();
        log.Files[First].AsSpan(8192 + 64, 112).Clear();

        LogVerdict verdict = LogTools.Verify(log.ToDisk());

        Assert.Equal(LogState.Torn, verdict.State);
        Assert.Contains("R5", verdict.Explanation, StringComparison.Ordinal);
        Assert.EndsWith("Start the node.", verdict.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_are_exported_up_to_the_damage()
    {
        HostileLog log = Healthy(truncates: false);
        Assert.Equal(2, LogTools.Export(log.ToDisk(), G, new LogIndex(1), new LogIndex(2)).Count(entry => entry.IsIntact));
        log.Files[First][4240 + 64] ^= 1;
        var exported = new List<StoredEntry>();

        LogDamagedException damaged = Assert.Throws<LogDamagedException>(
            () => exported.AddRange(LogTools.Export(log.ToDisk(), G, new LogIndex(1), new LogIndex(2)).Select(Keep)));

        Assert.StartsWith("Entry 2 of g7 isn't in the log", damaged.Message, StringComparison.Ordinal);
        StoredEntry Keep(StoredEntry entry)
        {
            Assert.Equal(EntryId.Of(1, 1), entry.Id);
            return entry;
        }
    }

    [Fact]
    public void Without_its_identity_a_log_is_read_by_what_its_segments_begin_with()
    {
        var disk = new MemoryDisk();
        WriteAheadLog log = Open(disk);
        log.Append(G, term: 1, first: 1, last: 2);
        log.Close();
        disk.Delete("identity");

        LogVerdict verdict = LogTools.Verify(disk);

        Assert.Equal((LogState.Sound, 1), (verdict.State, verdict.Segments));
        Assert.Contains("told from the first records of 1 segments", verdict.Notes[0], StringComparison.Ordinal);
        Assert.All(LogTools.Dump(disk), record => Assert.True(record.IsSound, record.Fault));
    }

    [Fact]
    public void A_directory_says_whose_it_is_and_who_took_it_last()
    {
        MemoryDisk disk = Healthy().ToDisk();
        using IDisposable held = disk.Lock("lock", "process 12\nof \emachine");

        DirectoryListing listing = LogTools.Describe(disk);

        Assert.Equal(new DirectoryListing(new ClusterId(11), new NodeId(3), 1, 1, "sound", "process 12 of  machine") { Salt = Options.Salt }, listing);
    }

    [Fact]
    public void Nothing_on_the_disk_changes_and_no_damage_makes_the_tools_throw() => Fuzz.Run(2 << 20, allocationPerByte: 64, random =>
    {
        HostileLog log = HostileLog.Copy(random.Next(0, 5));
        for (int i = random.Next(0, 3); i > 0; i--)
        {
            string path = log.Pick(random);
            log.Files[path] = Fuzz.Spoil(random, log.Files[path], log.Files[log.Pick(random)]);
            log.Forge(random);
        }

        log.Files["lock"] = [1, 2, 3];
        MemoryDisk disk = log.ToDisk();
        try
        {
            _ = LogTools.Describe(disk);
            _ = LogTools.Dump(disk).Sum(record => record.ToString().Length + record.Preview().Length);
            LogVerdict verdict = LogTools.Verify(disk);
            Assert.Equal(verdict.State == LogState.Sound, verdict.Explanation.Length == 0);
            _ = LogTools.List(disk).Sum(segment => segment.ToString().Length);
            foreach (RecoveredGroup group in verdict.Groups.Where(group => group.Last.Index > group.Start.At.Index))
            {
                Assert.All(LogTools.Export(disk, group.Id, group.Start.At.Index.Next, group.Last.Index), entry => Assert.True(entry.IsIntact));
            }
        }
        catch (StorageRefusedException)
        {
            // By the book.
        }

        SortedDictionary<string, byte[]> after = HostileLog.Read(disk);
        Assert.Equal(log.Files.Keys, after.Keys);
        Assert.All(log.Files, file => Assert.Equal(file.Value, after[file.Key]));
        return log.Size;
    });

    private static HostileLog Healthy(bool truncates = true)
    {
        var disk = new MemoryDisk();
        WriteAheadLog log = Open(disk);
        log.Append(G, term: 1, first: 1, last: 2);
        if (truncates)
        {
            log.Commit(Truncation(G, after: 1));
        }

        log.Close();
        HostileLog files = HostileLog.Of(disk);
        files.Files.Remove("lock");
        return files;
    }
}
