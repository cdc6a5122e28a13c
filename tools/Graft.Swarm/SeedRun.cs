using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Graft.Simulation.Core;

namespace Graft.Swarm;

/// <summary>Runs a range of seeds on some threads. Worlds share nothing, so the threads don't either but for the sums.</summary>
internal sealed class SeedRun
{
    private const int TraceLines = 60;

    private readonly Arguments _arguments;
    private readonly Lock _lock = new();
    private readonly Tally _tally = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<SeedReport> _failures = [];
    private ulong _next;
    private long _done;
    private long _events;
    private long _acknowledged;
    private long _readsServed;
    private TimeSpan _simulated;
    private bool _isStopping;

    private SeedRun(Arguments arguments)
    {
        _arguments = arguments;
        _next = arguments.From;
    }

    internal static int Run(Arguments arguments)
    {
        var run = new SeedRun(arguments);
        var threads = new Thread[arguments.Jobs];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(run.Work, maxStackSize: 16 << 20) { IsBackground = true };
            threads[i].Start();
        }

        double reported = 0;
        while (threads.Any(thread => !thread.Join(100)))
        {
            double seconds = run._clock.Elapsed.TotalSeconds;
            if (seconds - reported >= 5)
            {
                reported = seconds;
                run.ReportProgress(seconds);
            }
        }

        run.Conclude();
        return run._failures.Count > 0 ? 1 : 0;
    }

    private void Work()
    {
        while (TryTakeSeed(out ulong seed))
        {
            SeedReport report = World.Run(seed, new RunSettings
            {
                Seconds = _arguments.Seconds,
                Trace = _arguments.IsTracing ? Console.WriteLine : null,
            });
            lock (_lock)
            {
                _done++;
                _events += report.Events;
                _simulated += report.Simulated;
                _acknowledged += report.Acknowledged;
                _readsServed += report.ReadsServed;
                _tally.Add(report.Tally);
                if (report.Failure is not null)
                {
                    _failures.Add(report);
                    _isStopping |= _arguments.StopsAtFirst;
                    PrintFailure(report, _failures.Count <= 3);
                }
            }
        }
    }

    private bool TryTakeSeed(out ulong seed)
    {
        lock (_lock)
        {
            seed = _next;
            bool isLeft = !_isStopping && _next - _arguments.From < (ulong)_arguments.Seeds && _clock.Elapsed.TotalSeconds < _arguments.Budget;
            _next += isLeft ? 1UL : 0;
            return isLeft;
        }
    }

    private void PrintFailure(SeedReport report, bool isDetailed)
    {
        Console.WriteLine($"seed {report.Seed} FAILED: {report.Failure}");
        Console.WriteLine($"  options: {report.Options}");
        if (isDetailed && !_arguments.IsTracing)
        {
            Console.WriteLine($"  where:\n{report.Where}");

            // The same seed again, this time with every event written down: runs repeat exactly, so none has to be traced in advance.
            var last = new Queue<string>();
            SeedReport again = World.Run(report.Seed, new RunSettings
            {
                Seconds = _arguments.Seconds,
                Trace = line =>
                {
                    last.Enqueue(line);
                    if (last.Count > TraceLines)
                    {
                        last.Dequeue();
                    }
                },
            });
            Console.WriteLine($"  the last {last.Count} events (ms, node, what):");
            foreach (string line in last)
            {
                Console.WriteLine($"    {line}");
            }

            if (again.Digest != report.Digest)
            {
                Console.WriteLine("  The second run of this seed went otherwise: the simulation isn't deterministic. Look for that first.");
            }
        }

        Console.WriteLine($"  replay: {ReplayCommand(PlantedBug.Property, report.Seed, _arguments.Seconds)}");
    }

    internal static string ReplayCommand(string property, ulong seed, int seconds) =>
        $"./swarm {property}--layer core --seeds 1 --from {seed}{(seconds == 30 ? "" : $" --seconds {seconds}")} --trace";

    private void ReportProgress(double seconds)
    {
        lock (_lock)
        {
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{seconds,6:0} s  {_done}/{_arguments.Seeds} seeds  {_done / seconds:0.0} seeds/s  {_events / seconds / 1000:0} thousand events/s  {_failures.Count} failed"));
        }
    }

    private void Conclude()
    {
        double seconds = _clock.Elapsed.TotalSeconds;

        // By processor time: what other programs take of this machine says nothing about this one.
        double processor = Environment.CpuUsage.TotalTime.TotalSeconds;
        double perCore = processor == 0 ? 0 : _events / processor;
        if (!_arguments.IsTracing)
        {
            PrintTally();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{_acknowledged} writes acknowledged, {_readsServed} reads served; {seconds:0.0} s, {perCore / 1000:0} thousand events per second of processor time"));
        }

        if (_arguments.IsJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["from"] = _arguments.From,
                ["seeds"] = _done,
                ["events"] = _events,
                ["simulatedSeconds"] = _simulated.TotalSeconds,
                ["seconds"] = seconds,
                ["eventsPerProcessorSecond"] = perCore,
                ["acknowledged"] = _acknowledged,
                ["readsServed"] = _readsServed,
                ["failures"] = _failures.ConvertAll(failure => new { seed = failure.Seed, failure = failure.Failure, options = failure.Options }),
                ["faults"] = Enum.GetValues<FaultKind>().ToDictionary(kind => kind.ToString(), kind => _tally[kind], StringComparer.Ordinal),
                ["probes"] = Enum.GetValues<Probe>().ToDictionary(probe => probe.ToString(), probe => _tally[probe], StringComparer.Ordinal),
            }));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seeds {_done}, events {_events}, simulated {(long)_simulated.TotalHours}:{_simulated.Minutes:00}:{_simulated.Seconds:00}, failures {_failures.Count}"));
    }

    private void PrintTally()
    {
        Console.WriteLine(Columns.Wrap("faults:", Enum.GetValues<FaultKind>().Select(kind => $"{kind} {_tally[kind]}")));
        Console.WriteLine(Columns.Wrap("probes:", Enum.GetValues<Probe>().Where(probe => _tally[probe] > 0).Select(probe => $"{probe} {_tally[probe]}")));
        Probe[] unhit = [.. Enum.GetValues<Probe>().Where(probe => _tally[probe] == 0)];
        if (unhit.Length > 0)
        {
            string head = $"never hit{(_done < 500 ? " (in so short a run that means little)" : "")}:";
            Console.WriteLine(Columns.Wrap(head, unhit.Select(probe => probe.ToString())));
        }
    }
}
