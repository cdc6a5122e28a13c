using System.Diagnostics;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Bench.Log;

/// <summary>Many appenders, each in a group of its own: told by callback, as tasks, and without a log. Beside each the raw loop.</summary>
internal sealed class ThroughputBenchmark : IDisposable
{
    private const int Rounds = 5;

    // The segments have come around once by then: what is zeroed for a first time isn't in the figures.
    private const long WarmBytes = 6 * (64L << 20);

    private static readonly TimeSpan WarmMost = TimeSpan.FromSeconds(6);

    private readonly int _appenders;
    private readonly byte[] _payload;
    private readonly TimeSpan _slice;
    private readonly RawLoop _raw;
    private readonly RawLoop _idealFile;
    private readonly IdealWriter _ideal;
    private readonly LogWriter _forCallbacks;
    private readonly LogWriter _forTasks;

    internal ThroughputBenchmark(string root, LogOptions options, int appenders, byte[] payload, TimeSpan slice)
    {
        (_appenders, _payload, _slice) = (appenders, payload, slice);
        var disk = new FileDisk(root);
        _raw = new RawLoop(disk, "raw");
        _idealFile = new RawLoop(disk, "ideal");
        _ideal = new IdealWriter(_idealFile);
        _forCallbacks = new LogWriter(WriteAheadLog.Open(new FileDisk($"{root}-callbacks"), options));
        _forTasks = new LogWriter(WriteAheadLog.Open(new FileDisk($"{root}-tasks"), options));
    }

    public void Dispose()
    {
        _forCallbacks.Dispose();
        _forTasks.Dispose();
        _ideal.Dispose();
        _idealFile.Dispose();
        _raw.Dispose();
    }

    internal LogReport.ThroughputRow Run()
    {
        Fleet callbacks = Callbacks(_forCallbacks.Submit, () => _forCallbacks.Flushes, () => _forCallbacks.Bytes);
        Fleet ideal = Callbacks(_ideal.Submit, () => _ideal.Flushes, () => _ideal.Bytes);
        Fleet tasks = Tasks(_forTasks);
        Warm(callbacks);
        Warm(tasks);
        ideal.Run(_slice);
        var busy = new List<double>();
        var single = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            callbacks.Measure(_slice, _raw);
            busy.Add(BesideBusyCore((int)callbacks.BytesPerFlush));
            _ideal.BytesPerEntry = callbacks.BytesPerEntry;
            ideal.Measure(_slice, _raw);
            tasks.Measure(_slice, _raw);
            single.Add(_raw.Rate(_payload.Length, _slice));
        }

        return new LogReport.ThroughputRow(
            _appenders, _payload.Length, callbacks.ToRow(), tasks.ToRow(), ideal.ToRow(), LogBenchmarks.Median(busy), LogBenchmarks.Median(single));
    }

    private Fleet Callbacks(Action<LogWrite, ILogCompletion> submit, Func<long> flushes, Func<long> bytes)
    {
        CallbackAppender[] all = Make(group => new CallbackAppender(submit, group, _payload));
        return new Fleet(goesOn => CallAll(all, goesOn), () => all.Sum(appender => appender.Appended), flushes, bytes);
    }

    private Fleet Tasks(LogWriter writer)
    {
        Appender[] all = Make(group => new Appender(writer, group, _payload));
        return new Fleet(goesOn => AwaitAll(all, goesOn), () => all.Sum(appender => appender.Appended), () => writer.Flushes, () => writer.Bytes);
    }

    private T[] Make<T>(Func<GroupId, T> make) => [.. Enumerable.Range(1, _appenders).Select(group => make(new GroupId((ulong)group)))];

    private static void CallAll(CallbackAppender[] all, Func<bool> goesOn)
    {
        using var running = new CountdownEvent(all.Length);
        foreach (CallbackAppender appender in all)
        {
            appender.Start(goesOn, running);
        }

        running.Wait();
    }

    private static void AwaitAll(Appender[] all, Func<bool> goesOn)
    {
#pragma warning disable VSTHRD002 // The command has one thread to wait on, and nothing else to do on it.
        Task.WhenAll(all.Select(appender => Task.Run(() => appender.RunAsync(goesOn)))).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    private void Warm(Fleet fleet)
    {
        long begin = Stopwatch.GetTimestamp();
        do
        {
            fleet.Run(_slice);
        }
        while (fleet.Bytes() < WarmBytes && Stopwatch.GetElapsedTime(begin) < WarmMost);
    }

    private double BesideBusyCore(int bytes)
    {
        bool isOver = false;
        var other = new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                Thread.SpinWait(20);
            }
        });
        other.Start();
        double rate = _raw.Rate(bytes, _slice);
        Volatile.Write(ref isOver, true);
        other.Join();
        return rate;
    }
}
