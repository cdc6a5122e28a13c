using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Graft.Server;

/// <summary>One instrument, with a series for each set of tags.</summary>
internal sealed class MetricFamily
{
    // A tag with values without end would take the memory of the process with it.
    private const int SeriesMax = 1000;

    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly string _description;
    private readonly string _type;
    private readonly string _meterLabels;
    private readonly double[]? _bounds;
    private readonly bool _isObserved;
    private readonly bool _isSummed;
    private KeyValuePair<string, object?>[] _lastTags = [];
    private Series? _last;

    internal MetricFamily(Instrument instrument)
    {
        bool isCounter = IsOf(instrument, typeof(Counter<>), typeof(ObservableCounter<>));
        bool isHistogram = IsOf(instrument, typeof(Histogram<>));
        _type = isHistogram ? "histogram" : isCounter ? "counter" : "gauge";
        _isObserved = instrument.IsObservable;
        _isSummed = !instrument.IsObservable && IsOf(instrument, typeof(Counter<>), typeof(UpDownCounter<>));
        _bounds = isHistogram ? BoundsOf(instrument) : null;
        _description = (instrument.Description ?? "").ReplaceLineEndings(" ").Replace("\\", "\\\\", StringComparison.Ordinal);
        _meterLabels = Labels([.. instrument.Meter.Tags ?? []], "");
        Name = NameOf(instrument, isCounter);
    }

    internal string Name { get; }

    /// <summary>What was observed earlier counts no more: it may be gone.</summary>
    internal void BeginLook()
    {
        if (_isObserved)
        {
            lock (_gate)
            {
                _series.Clear();
                _last = null;
            }
        }
    }

    internal void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_gate)
        {
            if (SeriesOf(tags) is not { } series)
            {
                return;
            }

            if (_bounds is { } bounds)
            {
                int bucket = Array.FindIndex(bounds, bound => value <= bound);
                series.Buckets![bucket < 0 ? bounds.Length : bucket]++;
                series.Value += value;
            }
            else
            {
                series.Value = _isSummed ? series.Value + value : value;
            }
        }
    }

    internal void Render(StringBuilder text)
    {
        lock (_gate)
        {
            if (_series.Count == 0)
            {
                return;
            }

            text.Append(CultureInfo.InvariantCulture, $"# HELP {Name} {_description}\n# TYPE {Name} {_type}\n");
            foreach ((string labels, Series series) in _series)
            {
                if (_bounds is { } bounds)
                {
                    RenderBuckets(text, labels, series, bounds);
                }
                else
                {
                    text.Append(CultureInfo.InvariantCulture, $"{Name}{Braced(labels)} {Number(series.Value)}\n");
                }
            }
        }
    }

    private void RenderBuckets(StringBuilder text, string labels, Series series, double[] bounds)
    {
        long count = 0;
        string separator = labels.Length > 0 ? "," : "";
        for (int i = 0; i <= bounds.Length; i++)
        {
            count += series.Buckets![i];
            string bound = i < bounds.Length ? Number(bounds[i]) : "+Inf";
            text.Append(CultureInfo.InvariantCulture, $"{Name}_bucket{{{labels}{separator}le=\"{bound}\"}} {count}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{Name}_sum{Braced(labels)} {Number(series.Value)}\n{Name}_count{Braced(labels)} {count}\n");
    }

    // Most measurements of an instrument have the tags of the one before; to write them out each time costs more than all else.
    private Series? SeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (_last is not null && tags.SequenceEqual(_lastTags))
        {
            return _last;
        }

        string labels = Labels(tags, _meterLabels);
        if (!_series.TryGetValue(labels, out Series? series))
        {
            if (_series.Count >= SeriesMax)
            {
                return null;
            }

            series = new Series { Buckets = _bounds is null ? null : new long[_bounds.Length + 1] };
            _series.Add(labels, series);
        }

        (_last, _lastTags) = (series, tags.ToArray());
        return series;
    }

    private static bool IsOf(Instrument instrument, params ReadOnlySpan<Type> kinds) =>
        instrument.GetType() is { IsGenericType: true } type && kinds.Contains(type.GetGenericTypeDefinition());

    private static double[] BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(static bound => (double)bound)],
        _ => DefaultBounds,
    };

    // Dots are for OpenTelemetry; the unit and what a counter is stand in the name.
    private static string NameOf(Instrument instrument, bool isCounter)
    {
        string unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", "ms" => "_milliseconds", _ => "" };
        string name = Cleaned(instrument.Name);
        return $"{name}{(name.EndsWith(unit, StringComparison.Ordinal) ? "" : unit)}{(isCounter ? "_total" : "")}";
    }

    private static string Cleaned(string name) => string.Create(name.Length, name, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = char.IsAsciiLetterOrDigit(source[i]) ? source[i] : '_';
        }
    });

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags, string before)
    {
        var labels = new StringBuilder(before);
        foreach ((string key, object? value) in tags)
        {
            string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            labels.Append(labels.Length > 0 ? "," : "").Append(Cleaned(key)).Append("=\"").Append(escaped).Append('"');
        }

        return labels.ToString();
    }

    private static string Braced(string labels) => labels.Length > 0 ? $"{{{labels}}}" : "";

    private static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private sealed class Series
    {
        internal double Value { get; set; }

        internal long[]? Buckets { get; init; }
    }
}
