using System.Globalization;
using Graft.Simulation.Core;

namespace Graft.Swarm;

/// <summary>The core on simulated hosts.</summary>
internal sealed class CoreLayer(int simulatedSeconds) : SeedLayer
{
    private readonly Tally _tally = new();
    private long _events;
    private long _acknowledged;
    private long _readsServed;
    private TimeSpan _simulated;

    internal override string EventName => "events";

    internal override string TraceName => "events (ms, node, what)";

    internal override long Events => _events;

    internal override string Simulated => Format(_simulated);

    // By processor time: what other programs take of this machine says nothing about this one.
    private double EventsPerProcessorSecond =>
        Environment.CpuUsage.TotalTime.TotalSeconds is double processor and not 0 ? _events / processor : 0;

    internal override SeedOutcome Simulate(ulong seed, Action<string>? trace)
    {
        SeedReport report = World.Run(seed, new RunSettings { Seconds = simulatedSeconds, Trace = trace });
        return new SeedOutcome(seed, report.Options, report.Digest, report.Failure, report.Where, () => Count(report));
    }

    internal override string ReplayCommand(ulong seed) => ReplayCommand("core", PlantedBug.Property, seed, simulatedSeconds);

    internal static string ReplayCommand(string layer, string property, ulong seed, int seconds) =>
        $"./swarm {property}--layer {layer} --seeds 1 --from {seed}{(seconds == 30 ? "" : $" --seconds {seconds}")} --trace";

    internal static string Format(TimeSpan simulated) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(long)simulated.TotalHours}:{simulated.Minutes:00}:{simulated.Seconds:00}");

    internal override void PrintSums(long seeds, double seconds)
    {
        PrintTally(seeds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_acknowledged} writes acknowledged, {_readsServed} reads served; {seconds:0.0} s, {EventsPerProcessorSecond / 1000:0} thousand events per second of processor time"));
    }

    internal override Dictionary<string, object> Summarize(ulong from, long seeds, double seconds, object failures) =>
        new(StringComparer.Ordinal)
        {
            ["from"] = from,
            ["seeds"] = seeds,
            ["events"] = _events,
            ["simulatedSeconds"] = _simulated.TotalSeconds,
            ["seconds"] = seconds,
            ["eventsPerProcessorSecond"] = EventsPerProcessorSecond,
            ["acknowledged"] = _acknowledged,
            ["readsServed"] = _readsServed,
            ["failures"] = failures,
            ["faults"] = Enum.GetValues<FaultKind>().ToDictionary(kind => kind.ToString(), kind => _tally[kind], StringComparer.Ordinal),
            ["probes"] = Enum.GetValues<Probe>().ToDictionary(probe => probe.ToString(), probe => _tally[probe], StringComparer.Ordinal),
        };

    private void Count(SeedReport report)
    {
        _events += report.Events;
        _simulated += report.Simulated;
        _acknowledged += report.Acknowledged;
        _readsServed += report.ReadsServed;
        _tally.Add(report.Tally);
    }

    private void PrintTally(long seeds)
    {
        Console.WriteLine(Columns.Wrap("faults:", Enum.GetValues<FaultKind>().Select(kind => $"{kind} {_tally[kind]}")));
        Console.WriteLine(Columns.Wrap("probes:", Enum.GetValues<Probe>().Where(probe => _tally[probe] > 0).Select(probe => $"{probe} {_tally[probe]}")));
        Probe[] unhit = [.. Enum.GetValues<Probe>().Where(probe => _tally[probe] == 0)];
        if (unhit.Length > 0)
        {
            string head = $"never hit{(seeds < 500 ? " (in so short a run that means little)" : "")}:";
            Console.WriteLine(Columns.Wrap(head, unhit.Select(probe => probe.ToString())));
        }
    }
}
