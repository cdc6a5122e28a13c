using System.Globalization;
using Graft.Simulation.Storage;

namespace Graft.Swarm;

/// <summary>The write-ahead log on a simulated disk.</summary>
internal sealed class LogLayer(bool allowsRot) : SeedLayer
{
    private long _steps;
    private long _calls;
    private long _crashes;
    private long _acknowledged;
    private long _damages;
    private long _losses;

    internal override string EventName => "calls";

    internal override string TraceName => "steps (step, calls, what)";

    internal override long Events => _calls;

    internal override string Simulated => string.Create(CultureInfo.InvariantCulture, $"{_crashes} crashes");

    internal override SeedOutcome Simulate(ulong seed, Action<string>? trace)
    {
        LogSeedReport report = LogWorld.Run(seed, new LogRunSettings { AllowsRot = allowsRot, AllowsFalseWrites = allowsRot, Trace = trace });
        return new SeedOutcome(seed, report.Options, report.Digest, report.Failure, report.Where, () => Count(report));
    }

    internal override string ReplayCommand(ulong seed) =>
        $"./swarm {PlantedBug.Property}--layer log --seeds 1 --from {seed}{(allowsRot ? " --rot" : "")} --trace";

    internal override void PrintSums(long seeds, double seconds) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_steps} steps, {_acknowledged} writes acknowledged, {_damages} damages, {_losses} losses reported; {seconds:0.0} s"));

    internal override Dictionary<string, object> Summarize(ulong from, long seeds, double seconds, object failures) =>
        new(StringComparer.Ordinal)
        {
            ["from"] = from,
            ["seeds"] = seeds,
            ["steps"] = _steps,
            ["events"] = _calls,
            ["crashes"] = _crashes,
            ["damages"] = _damages,
            ["losses"] = _losses,
            ["seconds"] = seconds,
            ["acknowledged"] = _acknowledged,
            ["failures"] = failures,
        };

    private void Count(LogSeedReport report)
    {
        _steps += report.Steps;
        _calls += report.Calls;
        _crashes += report.Crashes;
        _acknowledged += report.Acknowledged;
        _damages += report.Damages;
        _losses += report.Losses;
    }
}
