using System.Diagnostics;

namespace Graft.Bench.Log;

/// <summary>Appenders of one kind with what they append to, and what was measured of them, round by round.</summary>
/// <param name="Append">Lets them append until the predicate says no, and returns when the last has been told.</param>
/// <param name="Appended">How many entries they have appended.</param>
/// <param name="Flushes">How many flushes were made for them.</param>
/// <param name="Bytes">How many bytes those were for.</param>
internal sealed record Fleet(Action<Func<bool>> Append, Func<long> Appended, Func<long> Flushes, Func<long> Bytes)
{
    private readonly List<double> _ratios = [];
    private readonly List<double> _raws = [];
    private readonly List<double> _rates = [];
    private double _entries;
    private double _flushes;
    private double _bytes;
    private double _seconds;
    private double _processor;

    internal double BytesPerEntry => _bytes / Math.Max(1, _entries);

    internal double BytesPerFlush => _bytes / Math.Max(1, _flushes);

    internal void Run(TimeSpan duration)
    {
        long begin = Stopwatch.GetTimestamp();
        Append(() => Stopwatch.GetElapsedTime(begin) < duration);
    }

    /// <summary>A round: the appenders, and behind them the raw loop with as many bytes for each flush.</summary>
    internal void Measure(TimeSpan duration, RawLoop raw)
    {
        (long appended, long flushes, long bytes) = (Appended(), Flushes(), Bytes());
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long begin = Stopwatch.GetTimestamp();
        Run(duration);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        _processor += (Environment.CpuUsage.TotalTime - processor).TotalMicroseconds;
        (appended, flushes, bytes) = (Appended() - appended, Flushes() - flushes, Bytes() - bytes);
        _entries += appended;
        _flushes += flushes;
        _bytes += bytes;
        _seconds += seconds;
        _rates.Add(flushes / seconds);
        _raws.Add(raw.Rate((int)(bytes / Math.Max(1, flushes)), duration));
        _ratios.Add(_rates[^1] / _raws[^1]);
    }

    internal LogReport.FleetRow ToRow() => new(
        _entries / _seconds,
        _entries / _flushes,
        BytesPerFlush,
        LogBenchmarks.Median(_rates),
        LogBenchmarks.Median(_raws),
        LogBenchmarks.Median(_ratios),
        _processor / _entries);
}
