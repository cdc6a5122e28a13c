using System.Globalization;
using Graft.Simulation.Nodes;

namespace Graft.Swarm;

/// <summary>Whole nodes and their clients.</summary>
internal sealed class NodeLayer(int simulatedSeconds) : SeedLayer
{
    private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal);
    private long _turns;
    private long _acknowledged;
    private long _readsServed;
    private TimeSpan _simulated;

    internal override string EventName => "turns";

    internal override string TraceName => "events (ms, who, what)";

    internal override long Events => _turns;

    internal override string Simulated => CoreLayer.Format(_simulated);

    internal override SeedOutcome Simulate(ulong seed, Action<string>? trace)
    {
        NodeSeedReport report = NodeWorld.Run(seed, new NodeRunSettings { Seconds = simulatedSeconds, Trace = trace });
        return new SeedOutcome(seed, report.Options, report.Digest, report.Failure, report.Where, () => Count(report));
    }

    internal override string ReplayCommand(ulong seed) => CoreLayer.ReplayCommand("node", PlantedBug.Property, seed, simulatedSeconds);

    internal override void PrintSums(long seeds, double seconds)
    {
        Console.WriteLine(Columns.Wrap("faults:", _faults.Select(static fault => $"{fault.Key} {fault.Value}")));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{_acknowledged} writes acknowledged, {_readsServed} reads served; {seconds:0.0} s"));
    }

    internal override Dictionary<string, object> Summarize(ulong from, long seeds, double seconds, object failures) =>
        new(StringComparer.Ordinal)
        {
            ["from"] = from,
            ["seeds"] = seeds,
            ["events"] = _turns,
            ["simulatedSeconds"] = _simulated.TotalSeconds,
            ["seconds"] = seconds,
            ["acknowledged"] = _acknowledged,
            ["readsServed"] = _readsServed,
            ["failures"] = failures,
            ["faults"] = _faults,
        };

    private void Count(NodeSeedReport report)
    {
        _turns += report.Turns;
        _simulated += report.Simulated;
        _acknowledged += report.Acknowledged;
        _readsServed += report.ReadsServed;
        foreach ((string fault, long count) in report.Faults)
        {
            _faults[fault] = _faults.GetValueOrDefault(fault) + count;
        }
    }
}
