using System.Diagnostics;
using System.Globalization;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>Runs the parts of <c>./bench log</c>.</summary>
internal static class LogBenchmarks
{
    private const int Rounds = 5;

    private static readonly int[] EntriesPerBatch = [1, 128];

    private static readonly LogOptions Options = new() { Cluster = new ClusterId(1), Node = new NodeId(1), Salt = 0x5EED_0123_4567_89AB };

    internal static LogReport Run(LogArguments arguments)
    {
        string root = Path.Combine(arguments.Directory ?? Path.GetTempPath(), $"graft-bench-{Environment.ProcessId}");
        try
        {
            EtcdLogRival? rival = arguments.HasRival ? EtcdLogRival.LookUp() : null;
            var report = new LogReport
            {
                Rival = rival?.Description,
                Machine = $"{Environment.ProcessorCount} processors, .NET {Environment.Version}",
                Disk = new DriveInfo(Path.GetFullPath(arguments.Directory ?? Path.GetTempPath())).DriveFormat,
            };
            if (arguments.Includes("latency"))
            {
                foreach (int size in arguments.Sizes)
                {
                    Say($"latency, {size} B");
                    foreach (int batch in EntriesPerBatch.Where(batch => batch * size <= 1 << 20))
                    {
                        report.Latency.Add(Latency(Path.Combine(root, $"latency-{size}-{batch}"), size, batch, arguments.Seconds, rival));
                    }
                }
            }

            if (arguments.Includes("throughput"))
            {
                foreach (int appenders in arguments.Appenders)
                {
                    foreach (int size in arguments.Sizes)
                    {
                        Say($"throughput, {appenders} appenders, {size} B");
                        using var benchmark = new ThroughputBenchmark(
                            Path.Combine(root, $"throughput-{appenders}-{size}"), Options, appenders, Payload(size), TimeSpan.FromSeconds(arguments.Seconds / Rounds));
                        report.Throughput.Add(benchmark.Run());
                    }
                }
            }

            if (arguments.Includes("recovery"))
            {
                Say("recovery");
                report.Recovery = Recovery(Path.Combine(root, "recovery"), arguments.RecoveryMiB);
            }

            if (arguments.Includes("memory"))
            {
                Say("memory");
                report.Memory = Memory(arguments.MillionEntries * 1_000_000L);
            }

            return report;
        }
        finally
        {
            if (Directory.Exists(root))
            {
                Directory.Delete(root, recursive: true);
            }
        }
    }

    internal static double Median(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? 0 : values[values.Count / 2];
    }

    // Raw, own and the rival in turns, so that whatever else the machine does meets all.
    private static LogReport.LatencyRow Latency(string root, int size, int batch, double seconds, EtcdLogRival? rival)
    {
        var disk = new FileDisk(root);
        byte[] payload = Payload(size);
        var slice = TimeSpan.FromSeconds(seconds / Rounds);
        var raw = new List<double>();
        var own = new List<double>();
        var caller = new List<double>();
        var wakes = new List<double>();
        var theirs = new List<double>();
        using var loop = new RawLoop(disk, "raw");
        WriteAheadLog log = WriteAheadLog.Open(disk, Options);
        var writes = new OwnThread(log, payload, batch);
        writes.Measure(slice);
        byte[] bytes = new byte[writes.BatchBytes];
        loop.Measure(bytes, slice);
        using var writer = new LogWriter(WriteAheadLog.Open(new FileDisk(root + "-caller"), Options));
        var blocking = new BlockingCaller();
        blocking.Measure(writer, payload, slice);
        for (int round = 0; round < Rounds; round++)
        {
            raw.AddRange(loop.Measure(bytes, slice));
            own.AddRange(writes.Measure(slice));
            caller.AddRange(blocking.Measure(writer, payload, slice));
            wakes.Add(WakeUp.Measure(slice / 4, 100));
            if (rival is not null)
            {
                theirs.Add(rival.Measure(root, size, batch, slice));
            }
        }

        log.Close();
        double wake = Median(wakes);
        return new LogReport.LatencyRow(
            size, batch, bytes.Length, Median(raw), Median(own), Median(own) / Median(raw), wake, Median(caller), (Median(raw) * 1.15) + (2 * wake),
            rival is null ? null : Median(theirs));
    }

    private static LogReport.RecoveryRow Recovery(string root, int mebibytes)
    {
        var disk = new FileDisk(root);
        byte[] payload = Payload(256);
        long entries = 0;
        WriteAheadLog log = WriteAheadLog.Open(disk, Options);
        var write = new LogWrite();
        while (log.DiskBytes < (long)mebibytes << 20)
        {
            write.Begin(new GroupId(1));
            for (int i = 0; i < 1000; i++)
            {
                write.Add(StoredEntry.Born(EntryId.Of(1, (ulong)++entries), EntryKind.Command, payload));
            }

            while (log.Stage(write) == StageOutcome.BatchFull)
            {
                log.Write();
                log.Flush();
            }

            log.Write();
            log.Flush();
        }

        log.Close();
        double best = double.MaxValue;
        long scanned = 0;
        for (int round = 0; round < 3; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            WriteAheadLog again = WriteAheadLog.Open(disk, Options);
            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalSeconds);
            scanned = again.Recovery.BytesScanned;
            if (again.LastOf(new GroupId(1)).Index.Value != (ulong)entries)
            {
                throw new BenchmarkFailedException("The log that was recovered isn't the one that was written.");
            }

            again.Close();
        }

        return new LogReport.RecoveryRow(scanned, entries, best, scanned / best / (1 << 30), CrcSpeed());
    }

    private static double CrcSpeed()
    {
        byte[] bytes = new byte[64 << 20];
        uint sum = Crc32C.Of(bytes);
        long begin = Stopwatch.GetTimestamp();
        for (int at = 0; at < bytes.Length; at += 256)
        {
            sum ^= Crc32C.Of(bytes.AsSpan(at, 256));
        }

        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        return sum == 1 ? 0 : bytes.Length / seconds / (1 << 30);
    }

    internal static LogReport.MemoryRow Memory(long entries)
    {
        using var disk = new ForgetfulDisk();
        using WriteAheadLog log = WriteAheadLog.Open(disk, Options);
        var write = new LogWrite();
        byte[] payload = Payload(256);
        long index = 0;
        Append(log, write, payload, ref index, 100_000, compact: false);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Append(log, write, payload, ref index, entries, compact: false);
        long after = GC.GetTotalMemory(forceFullCollection: true);

        using var steadyDisk = new ForgetfulDisk();
        using WriteAheadLog steady = WriteAheadLog.Open(steadyDisk, Options);
        long steadyIndex = 0;
        Append(steady, write, payload, ref steadyIndex, 2_000_000, compact: true);
        long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        long measured = 1_000_000;
        Append(steady, write, payload, ref steadyIndex, measured, compact: true);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        return new LogReport.MemoryRow(entries, after - before, (double)(after - before) / entries, (double)allocated / measured);
    }

    private static void Append(WriteAheadLog log, LogWrite write, byte[] payload, ref long index, long count, bool compact)
    {
        for (long done = 0; done < count; done += 100)
        {
            write.Begin(new GroupId(1));
            if (compact && done % 10_000 == 0 && index > 100_000)
            {
                write.Start = new LogStart(EntryId.Of(1, (ulong)index - 50_000), LogIndex.Zero, ReadOnlyMemory<byte>.Empty);
            }

            for (int i = 0; i < 100; i++)
            {
                write.Add(StoredEntry.Born(EntryId.Of(1, (ulong)++index), EntryKind.Command, payload));
            }

            while (log.Stage(write) == StageOutcome.BatchFull)
            {
                log.Write();
                log.Flush();
            }

            log.Write();
            log.Flush();
        }
    }

    private static byte[] Payload(int size)
    {
        byte[] payload = new byte[size];
        for (int i = 0; i < size; i++)
        {
            payload[i] = (byte)(i * 31 % 251);
        }

        return payload;
    }

    private static void Say(string what)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} …"));
        }
    }
}
