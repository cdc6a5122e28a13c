using System.Globalization;
using System.Text;

namespace Graft.Server;

/// <summary>The parameters behind the question mark of a request.</summary>
/// <remarks>Keys are case-sensitive; a flag is there or not, whatever its value; of a key that is repeated the first counts.</remarks>
internal sealed class QueryParameters
{
    private static readonly string[] Durations = ["timeout", "freshness", "db_timeout", "linearizable_timeout"];
    private static readonly string[] Integers = ["retries", "trailing_logs"];
    private static readonly string[] Counts = ["min_index", "step_budget", "max_rows", "max_bytes"];

    private static readonly TimeSpan DurationMax = TimeSpan.FromDays(30);

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private QueryParameters()
    {
    }

    /// <summary>Reads what stands behind the question mark; the mark itself may be there.</summary>
    /// <exception cref="RequestRefusedException">A value isn't what its name asks for.</exception>
    internal static QueryParameters Parse(string query)
    {
        var parameters = new QueryParameters();
        foreach (string part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Contains(';', StringComparison.Ordinal))
            {
                throw new RequestRefusedException("invalid semicolon separator in query");
            }

            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string key = Unescape(equals < 0 ? part : part[..equals]);
            parameters._values.TryAdd(key, equals < 0 ? "" : Unescape(part[(equals + 1)..]));
        }

        parameters.Check();
        return parameters;
    }

    internal bool Has(string name) => _values.ContainsKey(name);

    /// <summary>A value; null if it isn't there.</summary>
    internal string? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>A duration of at most a month, which is what timers hold; the default if it isn't there. What was parsed is one.</summary>
    internal TimeSpan Duration(string name, TimeSpan otherwise = default) =>
        !_values.TryGetValue(name, out string? text) || !GoDuration.TryParse(text, out TimeSpan duration) ? otherwise
            : duration < DurationMax ? duration
            : DurationMax;

    /// <summary>A count, not negative; null if it isn't there.</summary>
    internal long? Count(string name) => _values.TryGetValue(name, out string? text) ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    private void Check()
    {
        if (Has("freshness_strict") && !Has("freshness"))
        {
            throw new RequestRefusedException("freshness_strict requires freshness");
        }

        foreach (string name in Durations)
        {
            if (_values.TryGetValue(name, out string? text) && !GoDuration.TryParse(text, out _))
            {
                throw new RequestRefusedException($"{name} is not a valid duration");
            }
        }

        foreach (string name in Integers)
        {
            if (_values.TryGetValue(name, out string? text) && !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            {
                throw new RequestRefusedException($"{name} is not a valid integer");
            }
        }

        foreach (string name in Counts)
        {
            if (_values.TryGetValue(name, out string? text) && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                throw new RequestRefusedException($"{name} is not a valid integer");
            }
        }

        if (Find("q") is "")
        {
            throw new RequestRefusedException("query parameter not set");
        }

        if (Find("typing") is { } typing && typing is not ("lossless" or "rqlite"))
        {
            throw new RequestRefusedException("typing is rqlite or lossless");
        }

        if (Find("format") is { } format && format is not ("json" or "ndjson"))
        {
            throw new RequestRefusedException("format is json or ndjson");
        }
    }

    private static string Unescape(string text)
    {
        if (!text.AsSpan().ContainsAny('%', '+'))
        {
            return text;
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        int length = 0;
        byte[] source = Encoding.UTF8.GetBytes(text);
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i] != '%')
            {
                bytes[length++] = source[i] == '+' ? (byte)' ' : source[i];
                continue;
            }

            if (i + 2 >= source.Length || !byte.TryParse(source.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                string escape = Encoding.UTF8.GetString(source.AsSpan(i, Math.Min(3, source.Length - i)));
                throw new RequestRefusedException($"invalid URL escape \"{escape}\"");
            }

            bytes[length++] = value;
            i += 2;
        }

        return Encoding.UTF8.GetString(bytes.AsSpan(0, length));
    }
}
