using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <summary>What a seed draws once: the log, the disk, and which faults exist in its world.</summary>
internal sealed class LogWorldOptions
{
    private readonly List<string> _names = [];

    internal LogWorldOptions(SeededRandom random, LogRunSettings settings)
    {
        int cache = random.Chance(700) ? 64 << 10 : random.Next(64, 512) << 10;
        Log = new LogOptions
        {
            Cluster = new ClusterId(11),
            Node = new NodeId(3),
            SegmentBytes = random.Chance(600) ? 64 << 10 : random.Next(16, 64) * 4096L,
            CacheBytes = cache,
            Salt = 0x9E37_79B9_7F4A_7C15 ^ (ulong)cache,
        };
        Disk = new SimulatedDiskOptions
        {
            SectorBytes = random.Chance(700) ? 512 : 4096,
            Journal = random.Chance(700) ? JournalOrder.Ordered : JournalOrder.Adversarial,
            FailedFlush = random.Chance(700) ? FailedFlushView.Kept : FailedFlushView.Reverted,
            TraceLines = settings.Trace is null ? 0 : 60,
        };
        Groups = random.Chance(300) ? 1 : random.Next(2, 12);
        Steps = random.Next(40, 400);
        Largest = random.Next(0, 3) switch { 0 => 64, 1 => 512, 2 => 4096, _ => Log.MaxPayloadBytes };
        BatchWrites = random.Next(1, 6);
        Compacts = random.Next(0, 150);
        Rolls = random.Next(0, 3) == 0 ? 0 : random.Next(50, 500);
        Maintains = random.Chance(800) ? random.Next(20, 300) : 0;
        Removes = random.Chance(300) ? random.Next(5, 60) : 0;
        Ends = random.Next(10, 120);
        DiesInCalls = random.Chance(600);
        FailsCalls = random.Chance(400);
        FillsDisk = random.Chance(250);
        Rots = random.Chance(400) && settings.AllowsRot;
        if (Rots)
        {
            // One cause at a time: what an honest disk must never do could otherwise always be put down to the rot.
            (FailsCalls, FillsDisk) = (false, false);
        }

        ShortReads = random.Chance(300) ? random.Next(10, 300) : 0;
        FalseWrites = random.Chance(400) && settings.AllowsFalseWrites && !Rots;
        if (FalseWrites)
        {
            (FailsCalls, FillsDisk) = (false, false);
        }

        Stalls = random.Chance(300) && !Rots && !FalseWrites ? random.Next(1, 10) : 0;

        Name("steps", Steps);
        Name("groups", Groups);
        Name("segment", Log.SegmentBytes >> 10);
        Name("cache", Log.CacheBytes >> 10);
        Name("largest", Largest);
        Name("batch", BatchWrites);
        Name("sector", Disk.SectorBytes);
        Name("compact", Compacts);
        Name("roll", Rolls);
        Name("maintain", Maintains);
        Name("remove", Removes);
        Name("end", Ends);
        Name("short", ShortReads);
        Name("stall", Stalls);
        _names.Add(Disk.Journal.ToString());
        _names.Add(Disk.FailedFlush.ToString());
        _names.AddRange(new[] { (DiesInCalls, "dies-in-calls"), (FailsCalls, "fails-calls"), (FillsDisk, "fills-disk"), (Rots, "rots"), (FalseWrites, "false-writes") }
            .Where(flag => flag.Item1).Select(flag => flag.Item2));
    }

    internal LogOptions Log { get; }

    internal SimulatedDiskOptions Disk { get; }

    internal int Groups { get; }

    internal int Steps { get; }

    /// <summary>The usual bound of a payload; now and then one has the largest size there is.</summary>
    internal int Largest { get; }

    internal int BatchWrites { get; }

    internal int Compacts { get; }

    /// <summary>Of a thousand appends, how many are many large entries, so that segments change.</summary>
    internal int Rolls { get; }

    internal int Maintains { get; }

    internal int Removes { get; }

    internal int Ends { get; }

    internal bool DiesInCalls { get; }

    internal bool FailsCalls { get; }

    internal bool FillsDisk { get; }

    internal bool Rots { get; }

    /// <summary>Now and then a write is acknowledged and reaches the platter in another place or not at all.</summary>
    internal bool FalseWrites { get; }

    internal int ShortReads { get; }

    /// <summary>Of a thousand writes and flushes, how many hang for a while.</summary>
    internal int Stalls { get; }

    public override string ToString() => string.Join(' ', _names);

    private void Name(string name, long value) => _names.Add(FormattableString.Invariant($"{name}={value}"));
}
