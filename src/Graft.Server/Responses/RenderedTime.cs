using System.Globalization;
using System.Text;

namespace Graft.Server;

/// <summary>What the dialect makes of a column declared DATE, DATETIME or TIMESTAMP: RFC 3339.</summary>
/// <remarks>What isn't a time stays what it is. The dialect makes the first second of year 1 of it.</remarks>
internal static class RenderedTime
{
    // Larger ones are milliseconds.
    private const long SecondsMax = 1_000_000_000_000;

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-ddTHH:mm", "yyyy-MM-dd",
    ];

    /// <summary>Of seconds or milliseconds since 1970; null if it's beyond the year 9999.</summary>
    internal static string? Of(long value)
    {
        bool isMilliseconds = value is > SecondsMax or < -SecondsMax;
        long milliseconds = isMilliseconds ? value : value * 1000;
        return milliseconds < DateTimeOffset.MinValue.ToUnixTimeMilliseconds() || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? null
            : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-ddTHH:mm:ss.FFF", CultureInfo.InvariantCulture) + "Z";
    }

    /// <summary>Of a text in one of SQLite's forms, with a fraction and an offset if there are any; null if it's none of them.</summary>
    internal static string? Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is < 10 or > 40)
        {
            return null;
        }

        string text = Encoding.UTF8.GetString(utf8);
        string rest = text.EndsWith('Z') ? text[..^1] : text;
        string offset = "Z";
        if (rest.Length > 16 && rest[^6] is '+' or '-' && rest[^3] == ':')
        {
            if (!IsOffset(rest[^5..]))
            {
                return null;
            }

            offset = rest[^6..] is "+00:00" or "-00:00" ? "Z" : rest[^6..];
            rest = rest[..^6];
        }

        // The fraction is taken as text: it may have more digits than any clock of this machine.
        string fraction = "";
        int dot = rest.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            fraction = rest[(dot + 1)..];
            rest = rest[..dot];
            if (dot != 19 || fraction.Length is 0 or > 9 || fraction.AsSpan().ContainsAnyExceptInRange('0', '9'))
            {
                return null;
            }

            fraction = fraction.TrimEnd('0');
        }

        if (!DateTime.TryParseExact(rest, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time))
        {
            return null;
        }

        return $"{time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)}{(fraction.Length > 0 ? "." : "")}{fraction}{offset}";
    }

    private static bool IsOffset(string text) =>
        int.TryParse(text.AsSpan(0, 2), NumberStyles.None, CultureInfo.InvariantCulture, out int hours) && hours < 24
        && int.TryParse(text.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out int minutes) && minutes < 60;
}
