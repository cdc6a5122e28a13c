using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Graft.Bench.Log;

/// <summary>What <c>./bench log</c> was asked for.</summary>
internal sealed record LogArguments
{
    internal const string Usage =
        """
        usage: ./bench log [options]

        Measures the write-ahead log with real flushes, beside the raw limit of the same disk in the same run: a loop that
        appends the same bytes to a file that was written before, and flushes. docs/internals/benchmarks.md explains.

          --dir PATH        where to write; a directory is made there and removed   (the system's temporary one)
          --sizes LIST      bytes of payload, 16 to 65536                           (64,256,4096,65536)
          --appenders LIST  how many append at once, 1 to 65536                     (1,16,256,4096)
          --seconds S       measured seconds per row, 0.1 to 600, in rounds         (2)
          --recovery MIB    size of the log that is recovered, 16 to 16384          (1024)
          --entries N       entries whose memory is measured, in millions           (10)
          --only PART       latency, throughput, recovery or memory                 (all of them)
          --rival etcd      measure etcd's log beside the latency rows, round by round
          --json            print JSON instead of tables
          --help            print this
        """;

    internal static readonly string[] Parts = ["latency", "throughput", "recovery", "memory"];

    internal string? Directory { get; private init; }

    internal IReadOnlyList<int> Sizes { get; private init; } = [64, 256, 4096, 65536];

    internal IReadOnlyList<int> Appenders { get; private init; } = [1, 16, 256, 4096];

    internal double Seconds { get; private init; } = 2;

    internal int RecoveryMiB { get; private init; } = 1024;

    internal int MillionEntries { get; private init; } = 10;

    internal string? Only { get; private init; }

    internal bool HasRival { get; private init; }

    internal bool IsJson { get; private init; }

    internal bool Includes(string part) => Only is null || Only == part;

    internal static bool TryParse(ReadOnlySpan<string> args, out LogArguments arguments, [NotNullWhen(false)] out string? error)
    {
        arguments = new LogArguments();
        error = null;
        while (!args.IsEmpty && error is null)
        {
            string option = args[0];
            bool isFlag = option == "--json";
            string value = isFlag || args.Length < 2 ? "" : args[1];
            arguments = option switch
            {
                "--json" => arguments with { IsJson = true },
                "--dir" => arguments with { Directory = Existing(value, ref error) },
                "--sizes" => arguments with { Sizes = Numbers(option, value, 16, 65536, ref error) },
                "--appenders" => arguments with { Appenders = Numbers(option, value, 1, 65536, ref error) },
                "--seconds" => arguments with { Seconds = SecondsOf(value, ref error) },
                "--recovery" => arguments with { RecoveryMiB = Numbers(option, value, 16, 16384, ref error)[0] },
                "--entries" => arguments with { MillionEntries = Numbers(option, value, 1, 100, ref error)[0] },
                "--only" => arguments with { Only = Part(value, ref error) },
                "--rival" => arguments with { HasRival = IsRival(value, ref error) },
                _ => Unknown(arguments, option, ref error),
            };
            args = args[Math.Min(args.Length, isFlag ? 1 : 2)..];
        }

        return error is null;
    }

    private static string Existing(string value, ref string? error)
    {
        if (!System.IO.Directory.Exists(value))
        {
            error = $"--dir expects a directory that exists, and got '{value}'.";
        }

        return value;
    }

    private static int[] Numbers(string option, string value, int least, int most, ref string? error)
    {
        string[] parts = value.Split(',');
        int[] numbers = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] < least || numbers[i] > most)
            {
                error = $"{option} expects numbers from {least} to {most}, and got '{value}'. Example: {option} {least}";
            }
        }

        return numbers;
    }

    private static double SecondsOf(string value, ref string? error)
    {
        if (!double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || seconds is not (>= 0.1 and <= 600))
        {
            error = $"--seconds expects a number from 0.1 to 600, and got '{value}'. Example: --seconds 5";
        }

        return seconds;
    }

    private static string Part(string value, ref string? error)
    {
        if (!Parts.Contains(value, StringComparer.Ordinal))
        {
            error = $"--only expects {string.Join(", ", Parts[..^1])} or {Parts[^1]}, and got '{value}'. Leave it out to run all.";
        }

        return value;
    }

    private static bool IsRival(string value, ref string? error)
    {
        if (value != "etcd")
        {
            error = $"--rival expects etcd, the only rival that is set up here, and got '{value}'.";
        }

        return true;
    }

    private static LogArguments Unknown(LogArguments arguments, string option, ref string? error)
    {
        error = $"Expected an option of ./bench log and got '{option}'. The options are listed below.";
        return arguments;
    }
}
