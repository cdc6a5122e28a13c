using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Graft.Bench;

/// <summary>What <c>./bench core</c> was asked for.</summary>
internal sealed record CoreArguments
{
    internal const string Usage =
        """
        usage: ./bench core [options]

        Measures the consensus core alone: no network, no disk, one thread. docs/internals/benchmarks.md says what each
        figure means and what it was on one machine.

          --nodes LIST     cluster sizes of the proposal rows, 1 to 101        (3,5)
          --batch LIST     entries per proposal call, 1 to 4096                (1,64)
          --seconds S      measured seconds per row, 0.05 to 600, in 5 rounds  (1)
          --only PART      proposals, heartbeats or terms                      (all of them)
          --rival etcd     measure etcd's raft library beside it, round by round
          --json           print JSON instead of tables
          --help           print this
        """;

    private const int NodesMax = 101;
    private const int BatchMax = 4096;

    internal IReadOnlyList<int> Nodes { get; private init; } = [3, 5];

    internal IReadOnlyList<int> Batches { get; private init; } = [1, 64];

    internal double Seconds { get; private init; } = 1;

    internal BenchmarkParts Parts { get; private init; } = BenchmarkParts.All;

    internal bool HasRival { get; private init; }

    internal bool IsJson { get; private init; }

    /// <summary>Runs a moment of everything and checks it instead of measuring. For <c>./test</c>, so not in the usage.</summary>
    internal bool IsSmoke { get; private init; }

    internal static bool TryParse(ReadOnlySpan<string> args, out CoreArguments arguments, [NotNullWhen(false)] out string? error)
    {
        arguments = new CoreArguments();
        error = null;
        while (!args.IsEmpty && error is null)
        {
            string option = args[0];
            bool isFlag = option is "--json" or "--smoke";
            string value = isFlag || args.Length < 2 ? "" : args[1];
            arguments = option switch
            {
                "--json" => arguments with { IsJson = true },
                "--smoke" => arguments with { IsSmoke = true },
                "--nodes" => arguments with { Nodes = Numbers(option, value, NodesMax, ref error) },
                "--batch" => arguments with { Batches = Numbers(option, value, BatchMax, ref error) },
                "--seconds" => arguments with { Seconds = SecondsOf(value, ref error) },
                "--only" => arguments with { Parts = PartsOf(value, ref error) },
                "--rival" => arguments with { HasRival = IsRival(value, ref error) },
                _ => Unknown(arguments, option, ref error),
            };
            args = args[Math.Min(args.Length, isFlag ? 1 : 2)..];
        }

        return error is null;
    }

    private static int[] Numbers(string option, string value, int max, ref string? error)
    {
        string[] parts = value.Split(',');
        int[] numbers = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] < 1 || numbers[i] > max)
            {
                error = $"{option} expects numbers from 1 to {max} with commas between them, and got {Shown(value)}. Example: {option} 3,5";
            }
        }

        return numbers;
    }

    private static double SecondsOf(string value, ref string? error)
    {
        if (!double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || seconds is not (>= 0.05 and <= 600))
        {
            error = $"--seconds expects a number from 0.05 to 600, and got {Shown(value)}. Example: --seconds 2.5";
        }

        return seconds;
    }

    private static BenchmarkParts PartsOf(string value, ref string? error)
    {
        switch (value)
        {
            case "proposals":
                return BenchmarkParts.Proposals;
            case "heartbeats":
                return BenchmarkParts.Heartbeats;
            case "terms":
                return BenchmarkParts.Terms;
            default:
                error = $"--only expects proposals, heartbeats or terms, and got {Shown(value)}. Leave it out to run all three.";
                return BenchmarkParts.All;
        }
    }

    private static bool IsRival(string value, ref string? error)
    {
        if (value != "etcd")
        {
            error = $"--rival expects etcd, the only rival that is set up here, and got {Shown(value)}.";
        }

        return true;
    }

    private static CoreArguments Unknown(CoreArguments arguments, string option, ref string? error)
    {
        error = $"Expected an option of ./bench core and got '{option}'. The options are listed below.";
        return arguments;
    }

    private static string Shown(string value) => value.Length == 0 ? "nothing" : $"'{value}'";
}
