using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Graft.Bench.Cluster;

/// <summary>What <c>./bench cluster</c> was asked for.</summary>
internal sealed record ClusterArguments
{
    internal const string Usage =
        """
        usage: ./bench cluster [options]

        Measures whole nodes, each a process of its own (tools/Graft.NodeProcess), with data on disk, real flushes and TCP between them.
        Clients are closed loops: each sends its next call when the last one is answered. They live in this process, and share a
        connection to each node. docs/internals/benchmarks.md explains.

          --clients N      how many call at once, 1 to 65536                                       (64)
          --size BYTES     of a command, 24 to 1048576                                             (256)
          --seconds S      measured seconds, 0.1 to 600; a third of it, but 1 to 5, is run before  (10)
          --nodes N        members, 1 to 9                                                         (3)
          --read LEVEL     read instead of writing: linearizable, lease or local
          --spread         call all members alike; without, the leader
          --rival etcd     etcd's members on the same calls, in turns with our nodes; writes and linearizable reads, unless --read says
                           which. tools/rival-etcd-server/run --install installs it; without, figures of another run are shown
          --rounds N       with a rival, how many of each, 1 to 99                                 (3)
          --dir PATH       where nodes keep their data, in a directory that is made there and removed  (the system's temporary one)
          --json           print JSON instead of text
          --help           print this
        """;

    internal int Clients { get; private init; } = 64;

    internal int Size { get; private init; } = 256;

    internal double Seconds { get; private init; } = 10;

    internal int Nodes { get; private init; } = 3;

    internal string? Read { get; init; }

    internal bool IsSpread { get; private init; }

    internal bool HasRival { get; private init; }

    internal int Rounds { get; private init; } = 3;

    internal string? Directory { get; private init; }

    internal bool IsJson { get; private init; }

    /// <summary>What is called, for a reader.</summary>
    internal string What => Read is null ? "writes" : $"{Read} reads";

    internal ReadConsistency Consistency => Read switch
    {
        "lease" => ReadConsistency.Lease,
        "local" => ReadConsistency.Local,
        _ => ReadConsistency.Linearizable,
    };

    internal static bool TryParse(ReadOnlySpan<string> args, out ClusterArguments arguments, [NotNullWhen(false)] out string? error)
    {
        arguments = new ClusterArguments();
        error = null;
        while (!args.IsEmpty && error is null)
        {
            string option = args[0];
            bool isFlag = option is "--json" or "--spread";
            string value = isFlag || args.Length < 2 ? "" : args[1];
            switch (option)
            {
                case "--json":
                    arguments = arguments with { IsJson = true };
                    break;
                case "--spread":
                    arguments = arguments with { IsSpread = true };
                    break;
                case "--clients":
                    arguments = arguments with { Clients = Number(option, value, 1, 65_536, ref error) };
                    break;
                case "--size":
                    arguments = arguments with { Size = Number(option, value, 24, 1 << 20, ref error) };
                    break;
                case "--nodes":
                    arguments = arguments with { Nodes = Number(option, value, 1, 9, ref error) };
                    break;
                case "--rounds":
                    arguments = arguments with { Rounds = Number(option, value, 1, 99, ref error) };
                    break;
                case "--rival" when value == "etcd":
                    arguments = arguments with { HasRival = true };
                    break;
                case "--seconds" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0.1 and <= 600:
                    arguments = arguments with { Seconds = seconds };
                    break;
                case "--read" when value is "linearizable" or "lease" or "local":
                    arguments = arguments with { Read = value };
                    break;
                case "--dir" when System.IO.Directory.Exists(value):
                    arguments = arguments with { Directory = value };
                    break;
                case "--seconds" or "--read" or "--dir" or "--rival":
                    error = $"'{value}' is no value of {option}. The options are listed below.";
                    break;
                default:
                    error = $"Expected an option of ./bench cluster and got '{option}'. The options are listed below.";
                    break;
            }

            args = args[Math.Min(args.Length, isFlag ? 1 : 2)..];
        }

        if (arguments is { HasRival: true, Read: "lease" })
        {
            error ??= "etcd has no reads by lease. --read takes linearizable or local beside it.";
        }

        return error is null;
    }

    private static int Number(string option, string value, int least, int most, ref string? error)
    {
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number < least || number > most)
        {
            error = $"{option} expects a number from {least} to {most}, and got '{value}'.";
        }

        return number;
    }
}
