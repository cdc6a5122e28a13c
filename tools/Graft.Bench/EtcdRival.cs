using System.Globalization;

namespace Graft.Bench;

/// <summary>etcd's raft library on the same work: a Go program of our own, built and run by a script beside it.</summary>
internal sealed class EtcdRival
{
    private const string Script = "tools/rival-etcd-raft/run";

    private readonly string? _script;

    private EtcdRival(string? script, string description)
    {
        _script = script;
        Description = description;
    }

    /// <summary>Which version was measured, or why none was.</summary>
    internal string Description { get; }

    /// <summary>Whether it can be run here; if not, there are the figures of another run.</summary>
    internal bool IsMeasured => _script is not null;

    /// <summary>Builds the rival if it was asked for. Without Go or the library, what is missing becomes the description.</summary>
    internal static EtcdRival? LookUp(CoreArguments arguments)
    {
        if (!arguments.HasRival)
        {
            return null;
        }

        string? script = RivalScript.Find(Script);
        if (script is null)
        {
            return new EtcdRival(null, $"etcd raft, not measured: {Script} is not above {AppContext.BaseDirectory}.");
        }

        (int status, string output, string errors) = RivalScript.Execute(script, ["--version"]);
        return status == 0
            ? new EtcdRival(script, output.Trim())
            : new EtcdRival(null, $"etcd raft 3.4.23, another run: it could not be built here.\n{errors.Trim()}");
    }

    /// <summary>One round in a process of its own, which warms up before it measures.</summary>
    /// <exception cref="BenchmarkFailedException">It failed or printed something else than its two figures.</exception>
    internal Sample Measure(ProposalCase shape, TimeSpan duration)
    {
        string seconds = duration.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        string mode = shape.Mode == ProposalMode.Closed ? "closed" : "pipelined";
        (int status, string output, string errors) = RivalScript.Execute(
            _script!,
            ["--nodes", Text(shape.Nodes), "--batch", Text(shape.Batch), "--mode", mode, "--seconds", seconds]);
        string[] figures = output.Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (status == 0
            && figures.Length == 2
            && double.TryParse(figures[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double perSecond)
            && double.TryParse(figures[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double bytes))
        {
            return new Sample(1e9 / perSecond, bytes);
        }

        throw new BenchmarkFailedException(
            $"Expected {Script} to print proposals per second and bytes per proposal; it ended with status {status} and printed '{output.Trim()}'. {errors.Trim()}");
    }

    /// <summary>Proposals per second by 3 nodes, noted on a 2-core machine with etcd 3.4.23: the order of magnitude.</summary>
    internal static double? NotedElsewhere(ProposalCase shape) => shape switch
    {
        { Mode: ProposalMode.Closed, Nodes: 3, Batch: 1 } => 158_000,
        { Mode: ProposalMode.Pipelined, Nodes: 3, Batch: 64 } => 224_000,
        _ => null,
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
