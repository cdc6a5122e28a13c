using System.Globalization;

namespace Graft.Cli;

/// <summary>Lengths of time as they are typed and shown: 500ms, 5s, 1.5m, 2h.</summary>
internal static class Durations
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
        ("d", TimeSpan.FromDays(1)),
    ];

    internal static bool TryParse(string text, out TimeSpan length)
    {
        foreach ((string unit, TimeSpan one) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
                && count * one.TotalDays < 10_000)
            {
                length = count * one;
                return true;
            }
        }

        length = default;
        return false;
    }

    internal static string Format(TimeSpan length) => length switch
    {
        { TotalSeconds: < 1 } => Show(length.TotalMilliseconds, "ms"),
        { TotalSeconds: < 60 } => Show(length.TotalSeconds, "s"),
        { TotalMinutes: < 60 } => Show(length.TotalMinutes, "min"),
        { TotalHours: < 24 } => Show(length.TotalHours, "h"),
        _ => Show(length.TotalDays, "d"),
    };

    private static string Show(double count, string unit) => string.Create(CultureInfo.InvariantCulture, $"{count:0.##} {unit}");
}
