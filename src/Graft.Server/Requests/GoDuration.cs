using System.Buffers;
using System.Globalization;

namespace Graft.Server;

/// <summary>Durations as Go writes them, because clients of the dialect do: <c>1h15m</c>, <c>250ms</c>, <c>1.5s</c>.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    // Far beyond what a duration holds in any unit, and a product with a unit still fits.
    private const decimal NumberMax = 1e17m;

    private static readonly (string Name, decimal Ticks)[] Units =
    [
        ("ns", 0.01m),
        ("us", 10m),
        ("µs", 10m),
        ("μs", 10m),
        ("ms", TimeSpan.TicksPerMillisecond),
        ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads one. Never throws.</summary>
    /// <param name="text">Numbers with units, all of them with one, behind at most one sign; or a bare 0.</param>
    /// <param name="duration">What it says, cut to 100 ns.</param>
    /// <returns>False if it's none, or more than 292 years, which Go doesn't hold either.</returns>
    internal static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        ReadOnlySpan<char> rest = text;
        bool isNegative = rest.StartsWith("-", StringComparison.Ordinal);
        if (isNegative || rest.StartsWith("+", StringComparison.Ordinal))
        {
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return true;
        }

        decimal ticks = 0;
        bool isAny = false;
        while (!rest.IsEmpty)
        {
            int length = rest.IndexOfAnyExcept(Digits);
            if (length < 1 || length > 20 || !decimal.TryParse(rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number)
                || number > NumberMax)
            {
                return false;
            }

            rest = rest[length..];
            if (!TryReadUnit(ref rest, out decimal unit))
            {
                return false;
            }

            ticks += number * unit;
            isAny = true;
            if (ticks > long.MaxValue / 100)
            {
                return false;
            }
        }

        duration = TimeSpan.FromTicks((long)(isNegative ? -ticks : ticks));
        return isAny;
    }

    // The longest that fits: "ms" is no minute.
    private static bool TryReadUnit(ref ReadOnlySpan<char> rest, out decimal ticks)
    {
        ticks = 0;
        int longest = 0;
        foreach ((string name, decimal value) in Units)
        {
            if (name.Length > longest && rest.StartsWith(name, StringComparison.Ordinal))
            {
                (longest, ticks) = (name.Length, value);
            }
        }

        rest = rest[longest..];
        return longest > 0;
    }
}
