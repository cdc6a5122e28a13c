using System.Globalization;

namespace Graft.Cli;

/// <summary>Figures in sentences.</summary>
internal static class Words
{
    /// <summary>1 row, 2 rows, 1,000 rows.</summary>
    internal static string Count(long count, string noun) => $"{Number(count)} {noun}{(count == 1 ? "" : "s")}";

    internal static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    internal static string Number(ulong number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
