using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Graft.Swarm;

/// <summary>Runs a range of seeds on some threads. Worlds share nothing, so the threads don't either but for the sums.</summary>
internal sealed class SeedRun
{
    private const int TraceLines = 60;

    private readonly Arguments _arguments;
    private readonly SeedLayer _layer;
    private readonly Lock _lock = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<SeedOutcome> _failures = [];
    private ulong _next;
    private long _done;
    private bool _isStopping;

    private SeedRun(Arguments arguments)
    {
        _arguments = arguments;
        _layer = arguments.IsLog ? new LogLayer(arguments.AllowsRot)
            : arguments.IsNode ? new NodeLayer(arguments.Seconds)
            : new CoreLayer(arguments.Seconds);
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
            SeedOutcome outcome = _layer.Simulate(seed, _arguments.IsTracing ? Console.WriteLine : null);
            lock (_lock)
            {
                _done++;
                outcome.Count();
                if (outcome.Failure is not null)
                {
                    _failures.Add(outcome);
                    _isStopping |= _arguments.StopsAtFirst;
                    PrintFailure(outcome, _failures.Count <= 3);
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

    private void PrintFailure(SeedOutcome outcome, bool isDetailed)
    {
        Console.WriteLine($"seed {outcome.Seed} FAILED: {outcome.Failure}");
        Console.WriteLine($"  options: {outcome.Options}");
        if (isDetailed && !_arguments.IsTracing)
        {
            // The same seed again, this time with every event written down: runs repeat exactly, so none has to be traced in advance.
            var last = new Queue<string>();
            SeedOutcome again = _layer.Simulate(outcome.Seed, line =>
            {
                last.Enqueue(line);
                if (last.Count > TraceLines)
                {
                    last.Dequeue();
                }
            });
            Console.WriteLine($"  where:\n{again.Where ?? outcome.Where}");
            Console.WriteLine($"  the last {last.Count} {_layer.TraceName}:");
            foreach (string line in last)
            {
                Console.WriteLine($"    {line}");
            }

            if (again.Digest != outcome.Digest)
            {
                Console.WriteLine("  The second run of this seed went otherwise: the simulation isn't deterministic. Look for that first.");
            }
        }

        Console.WriteLine($"  replay: {_layer.ReplayCommand(outcome.Seed)}");
    }

    private void ReportProgress(double seconds)
    {
        lock (_lock)
        {
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{seconds,6:0} s  {_done}/{_arguments.Seeds} seeds  {_done / seconds:0.0} seeds/s  {_layer.Events / seconds / 1000:0} thousand {_layer.EventName}/s  {_failures.Count} failed"));
        }
    }

    private void Conclude()
    {
        double seconds = _clock.Elapsed.TotalSeconds;
        if (!_arguments.IsTracing)
        {
            _layer.PrintSums(_done, seconds);
        }

        if (_arguments.IsJson)
        {
            var failures = _failures.ConvertAll(failure => new { seed = failure.Seed, failure = failure.Failure, options = failure.Options });
            Console.WriteLine(JsonSerializer.Serialize(_layer.Summarize(_arguments.From, _done, seconds, failures)));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seeds {_done}, events {_layer.Events}, simulated {_layer.Simulated}, failures {_failures.Count}"));
    }
}
