using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Graft.Bench.Http;

/// <summary>What <c>./bench http</c> was asked for.</summary>
internal sealed record HttpArguments
{
    internal const string Usage =
        """
        usage: ./bench http [options]

        Measures three servers, each a process of its own, with data on disk and real flushes, over HTTP in rqlite's dialect. Clients are
        closed loops with a connection each to the leader: a request inserts rows of a number and 100 bytes of text.
        docs/internals/benchmarks.md explains.

          --clients N,…        how many call at once, each 1 to 1024                    (1,16,64)
          --rows N             rows in a request, 1 to 1000, in one transaction if above 1    (1)
          --seconds S          measured seconds, 0.1 to 600; a third of it, but 1 to 5, is run before  (5)
          --rival rqlite=PATH  rqlited on the same calls, in turns with ours; without, figures of another run are shown
          --rounds N           how many of each, 1 to 99                                (3)
          --dir PATH           where servers keep their data, in a directory that is made there and removed  (the system's temporary one)
          --json               print JSON instead of text
          --help               print this
        """;

    internal IReadOnlyList<int> Clients { get; private init; } = [1, 16, 64];

    internal int Rows { get; private init; } = 1;

    internal double Seconds { get; private init; } = 5;

    internal string? Rival { get; private init; }

    internal int Rounds { get; private init; } = 3;

    internal string? Directory { get; private init; }

    internal bool IsJson { get; private init; }

    internal static bool TryParse(ReadOnlySpan<string> args, out HttpArguments arguments, [NotNullWhen(false)] out string? error)
    {
        const string Rqlite = "rqlite=";
        arguments = new HttpArguments();
        error = null;
        while (!args.IsEmpty && error is null)
        {
            string option = args[0];
            string value = option == "--json" || args.Length < 2 ? "" : args[1];
            switch (option)
            {
                case "--json":
                    arguments = arguments with { IsJson = true };
                    break;
                case "--clients" when ParseMany(value) is { } many:
                    arguments = arguments with { Clients = many };
                    break;
                case "--rows" when TryNumber(value, 1000, out int rows):
                    arguments = arguments with { Rows = rows };
                    break;
                case "--rounds" when TryNumber(value, 99, out int rounds):
                    arguments = arguments with { Rounds = rounds };
                    break;
                case "--seconds" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0.1 and <= 600:
                    arguments = arguments with { Seconds = seconds };
                    break;
                case "--rival" when value.StartsWith(Rqlite, StringComparison.Ordinal) && File.Exists(value[Rqlite.Length..]):
                    arguments = arguments with { Rival = value[Rqlite.Length..] };
                    break;
                case "--dir" when System.IO.Directory.Exists(value):
                    arguments = arguments with { Directory = value };
                    break;
                case "--clients" or "--rows" or "--rounds" or "--seconds" or "--rival" or "--dir":
                    error = $"'{value}' is no value of {option}. The options are listed below.";
                    break;
                default:
                    error = $"Expected an option of ./bench http and got '{option}'. The options are listed below.";
                    break;
            }

            args = args[Math.Min(args.Length, option == "--json" ? 1 : 2)..];
        }

        return error is null;
    }

    private static List<int>? ParseMany(string value)
    {
        var many = new List<int>();
        foreach (string part in value.Split(','))
        {
            if (!TryNumber(part, 1024, out int number))
            {
                return null;
            }

            many.Add(number);
        }

        return many;
    }

    private static bool TryNumber(string value, int most, out int number) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most;
}
