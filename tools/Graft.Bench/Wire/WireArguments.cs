using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Graft.Bench.Wire;

/// <summary>What <c>./bench wire</c> was asked for.</summary>
internal sealed record WireArguments
{
    internal const string Usage =
        """
        usage: ./bench wire [options]

        Measures the frames between nodes alone: messages are encoded into a link's buffer, sealed with their checksums, verified
        and decoded again, in one thread and without a network. docs/internals/benchmarks.md explains.

          --seconds S      measured seconds per row, 0.05 to 600, in 5 rounds  (1)
          --json           print JSON instead of a table
          --help           print this
        """;

    internal double Seconds { get; private init; } = 1;

    internal bool IsJson { get; private init; }

    internal static bool TryParse(ReadOnlySpan<string> args, out WireArguments arguments, [NotNullWhen(false)] out string? error)
    {
        arguments = new WireArguments();
        error = null;
        while (!args.IsEmpty && error is null)
        {
            string option = args[0];
            if (option == "--json")
            {
                arguments = arguments with { IsJson = true };
                args = args[1..];
            }
            else if (option != "--seconds")
            {
                error = $"Expected an option of ./bench wire and got '{option}'. The options are listed below.";
            }
            else if (args.Length < 2
                || !double.TryParse(args[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
                || seconds is not (>= 0.05 and <= 600))
            {
                error = "--seconds expects a number from 0.05 to 600. Example: --seconds 2.5";
            }
            else
            {
                arguments = arguments with { Seconds = seconds };
                args = args[2..];
            }
        }

        return error is null;
    }
}
