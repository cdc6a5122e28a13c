using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Graft.Simulation.Storage;

namespace Graft.Swarm;

/// <summary>Runs a range of seeds of the log on some threads.</summary>
internal sealed class LogSeedRun
{
    private const int TraceLines = 60;

    private readonly Arguments _arguments;
    private readonly Lock _lock = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<LogSeedReport> _failures = [];
    private ulong _next;
    private long _done;
    private long _steps;
    private long _calls;
    private long _crashes;
    private long _acknowledged;
    private long _damages;
    private long _losses;
    private bool _isStopping;

    private LogSeedRun(Arguments arguments)
    {
        _arguments = arguments;
        _next = arguments.From;
    }

    internal static int Run(Arguments arguments)
    {
        var run = new LogSeedRun(arguments);
        var threads = new Thread[arguments.Jobs];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(run.Work) { IsBackground = true };
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
            LogSeedReport report = LogWorld.Run(seed, new LogRunSettings { AllowsRot = _arguments.AllowsRot, AllowsFalseWrites = _arguments.AllowsRot, Trace = _arguments.IsTracing ? Console.WriteLine : null });
            lock (_lock)
            {
                _done++;
                _steps += report.Steps;
                _calls += report.Calls;
                _crashes += report.Crashes;
                _acknowledged += report.Acknowledged;
                _damages += report.Damages;
                _losses += report.Losses;
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

    private void PrintFailure(LogSeedReport report, bool isDetailed)
    {
        Console.WriteLine($"seed {report.Seed} FAILED: {report.Failure}");
        Console.WriteLine($"  options: {report.Options}");
        if (isDetailed && !_arguments.IsTracing)
        {
            var last = new Queue<string>();
            LogSeedReport again = LogWorld.Run(report.Seed, new LogRunSettings
            {
                AllowsRot = _arguments.AllowsRot,
                AllowsFalseWrites = _arguments.AllowsRot,
                Trace = line =>
                {
                    last.Enqueue(line);
                    if (last.Count > TraceLines)
                    {
                        last.Dequeue();
                    }
                },
            });
            Console.WriteLine($"  where:\n{again.Where}");
            Console.WriteLine($"  the last {last.Count} steps (step, calls, what):");
            foreach (string line in last)
            {
                Console.WriteLine($"    {line}");
            }

            if (again.Digest != report.Digest)
            {
                Console.WriteLine("  The second run of this seed went otherwise: the simulation isn't deterministic. Look for that first.");
            }
        }

        Console.WriteLine($"  replay: ./swarm {PlantedBug.Property}--layer log --seeds 1 --from {report.Seed}{(_arguments.AllowsRot ? " --rot" : "")} --trace");
    }

    private void ReportProgress(double seconds)
    {
        lock (_lock)
        {
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{seconds,6:0} s  {_done}/{_arguments.Seeds} seeds  {_done / seconds:0.0} seeds/s  {_calls / seconds / 1000:0} thousand calls/s  {_failures.Count} failed"));
        }
    }

    private void Conclude()
    {
        double seconds = _clock.Elapsed.TotalSeconds;
        if (!_arguments.IsTracing)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{_steps} steps, {_acknowledged} writes acknowledged, {_damages} damages, {_losses} losses reported; {seconds:0.0} s"));
        }

        if (_arguments.IsJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["from"] = _arguments.From,
                ["seeds"] = _done,
                ["steps"] = _steps,
                ["events"] = _calls,
                ["crashes"] = _crashes,
                ["damages"] = _damages,
                ["losses"] = _losses,
                ["seconds"] = seconds,
                ["acknowledged"] = _acknowledged,
                ["failures"] = _failures.ConvertAll(failure => new { seed = failure.Seed, failure = failure.Failure, options = failure.Options }),
            }));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seeds {_done}, events {_calls}, simulated {_crashes} crashes, failures {_failures.Count}"));
    }
}
