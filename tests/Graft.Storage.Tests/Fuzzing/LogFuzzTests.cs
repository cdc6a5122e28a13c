using Graft.Consensus;
using static Graft.Storage.Tests.Log.LogFixture;

namespace Graft.Storage.Tests.Fuzzing;

/// <summary>Whatever lies in the directory: a start refuses it, fails by the book, or gives a log that the core accepts and every entry of which can be read.</summary>
public sealed class LogFuzzTests
{
    [Fact]
    public void Spoiled_logs_are_opened_or_refused() => Fuzz.Run(24 << 20, allocationPerByte: 64, random =>
    {
        HostileLog log = HostileLog.Copy(random.Next(0, 5));
        for (int i = random.Next(1, 3); i > 0; i--)
        {
            string path = log.Pick(random);
            log.Files[path] = Fuzz.Spoil(random, log.Files[path], log.Files[log.Pick(random)]);
        }

        return Feed(log);
    });

    [Fact]
    public void Forged_logs_with_right_checksums_are_opened_or_refused() => Fuzz.Run(48 << 20, allocationPerByte: 64, random =>
    {
        HostileLog log = HostileLog.Copy(random.Next(0, 5));
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            switch (random.Next(0, 9))
            {
                case 0:
                    log.Shuffle(random);
                    break;
                case 1:
                    Rename(log, random);
                    break;
                default:
                    log.Forge(random);
                    break;
            }
        }

        return Feed(log);
    });

    private static void Rename(HostileLog log, SeededRandom random)
    {
        string path = log.Pick(random);
        byte[] bytes = log.Files[path];
        log.Files.Remove(path);
        string name = random.Next(0, 3) switch
        {
            0 => "",
            1 => $"log/{Fuzz.Pick(random):x16}.log",
            2 => $"log/spare-{Fuzz.Pick(random):x16}",
            _ => "log/spare-x",
        };
        if (name.Length > 0)
        {
            log.Files[name] = bytes;
        }
    }

    private static long Feed(HostileLog log)
    {
        MemoryDisk disk = log.ToDisk();
        try
        {
            OpenAndUse(disk);

            // And what this start has made of it is for the next one to read.
            OpenAndUse(disk);
        }
        catch (StorageRefusedException)
        {
            // By the book.
        }
        catch (StorageFailedException)
        {
            // By the book.
        }

        return log.Size;
    }

    private static void OpenAndUse(MemoryDisk disk)
    {
        using WriteAheadLog log = Open(disk);
        var buffer = new EntryBuffer();
        foreach (RecoveredGroup group in log.Recovery.Groups)
        {
            Assert.Equal(group.Last, log.LastOf(group.Id));
            _ = new RaftCore(
                new RaftOptions { Cluster = Options.Cluster, Node = Options.Node, Incarnation = log.Incarnation, Seed = 1 },
                GroupRestore.Of(group.Id, group, snapshot: null).State,
                new Instant(1_000_000_000));
            if (group.Last.Index > group.Start.At.Index)
            {
                Assert.Equal(LogReadOutcome.Read, log.Read(group.Id, group.Start.At.Index.Next, group.Last.Index, buffer));
                Assert.Equal(LogReadOutcome.Read, log.Read(group.Id, group.Last.Index, group.Last.Index, buffer));
                Assert.Equal(group.Last, Assert.Single(buffer.Entries).Id);
            }
        }
    }
}
