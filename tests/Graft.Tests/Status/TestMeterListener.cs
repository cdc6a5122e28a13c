using System.Diagnostics.Metrics;
using System.Globalization;

namespace Graft.Tests;

/// <summary>What one node measures from here on.</summary>
internal sealed class TestMeterListener : IDisposable
{
    private readonly MeterListener _listener = new();

    internal TestMeterListener(NodeMeters meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meters.WriteDuration.Meter))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    internal List<(string Name, double Value, string Tags)> Seen { get; } = [];

    internal (double Value, string Tags) Single(string name)
    {
        (string _, double value, string tags) = Seen.Single(each => each.Name == name);
        return (value, tags);
    }

    internal void Collect()
    {
        Seen.Clear();
        _listener.RecordObservableInstruments();
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        List<string> texts = [];
        foreach ((string key, object? tag) in tags)
        {
            texts.Add(string.Create(CultureInfo.InvariantCulture, $"{key}={tag}"));
        }

        Seen.Add((instrument.Name, value, string.Join(' ', texts)));
    }
}
