using System.Globalization;

namespace Graft.Bench.Log;

/// <summary>etcd's write-ahead log on the same work and the same disk: a Go program of our own.</summary>
internal sealed class EtcdLogRival
{
    private const string Script = "tools/rival-etcd-wal/run";

    private readonly string _script;
    private int _runs;

    private EtcdLogRival(string script, string description) => (_script, Description) = (script, description);

    internal string Description { get; }

    /// <exception cref="BenchmarkFailedException">It can't be built here; the message says what is missing.</exception>
    internal static EtcdLogRival LookUp()
    {
        string script = RivalScript.Find(Script) ?? throw new BenchmarkFailedException($"Expected {Script} above {AppContext.BaseDirectory}.");
        (int status, string output, string errors) = RivalScript.Execute(script, ["--version"]);
        return status == 0 ? new EtcdLogRival(script, output.Trim()) : throw new BenchmarkFailedException(errors.Trim());
    }

    /// <summary>The median of a save, in microseconds.</summary>
    internal double Measure(string root, int size, int batch, TimeSpan duration)
    {
        string directory = Path.Combine(root, $"etcd-{_runs++}");
        (int status, string output, string errors) = RivalScript.Execute(
            _script,
            [
                "--dir", directory, "--size", Text(size), "--batch", Text(batch),
                "--seconds", duration.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture),
            ]);
        Directory.Delete(directory, recursive: true);
        return status == 0 && double.TryParse(output, NumberStyles.Float, CultureInfo.InvariantCulture, out double median)
            ? median
            : throw new BenchmarkFailedException($"Expected {Script} to print microseconds; it ended with status {status}. {errors.Trim()}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
