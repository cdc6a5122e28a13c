using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Graft.Consensus;

namespace Graft.Server;

/// <summary>The instruments of this node, and the runtime's, as Prometheus reads them.</summary>
/// <remarks>A process may run several nodes: of the others' meters nothing is shown.</remarks>
internal sealed class MetricsPage : IDisposable
{
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();
    private readonly string _node;

    internal MetricsPage(NodeId node)
    {
        _node = node.ToString();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (IsShown(instrument))
            {
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, static each => new MetricFamily(each)));
            }
        };
        _listener.MeasurementsCompleted = (instrument, state) => _families.TryRemove(instrument, out MetricFamily? _);
        Listen<byte>(static value => value);
        Listen<short>(static value => value);
        Listen<int>(static value => value);
        Listen<long>(static value => value);
        Listen<float>(static value => value);
        Listen<double>(static value => value);
        Listen<decimal>(static value => (double)value);
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    internal Task WriteAsync(Exchange exchange) => HttpText.WriteAsync(exchange.Http, Render(), ContentType);

    internal string Render()
    {
        // What is observed is asked for now. An instrument that throws tells of itself and hides no other.
        foreach (MetricFamily family in _families.Values)
        {
            family.BeginLook();
        }

        try
        {
            _listener.RecordObservableInstruments();
        }
        catch (AggregateException failed)
        {
            return Render($"# {failed.InnerExceptions.Count.ToString(CultureInfo.InvariantCulture)} instruments failed: {failed.InnerExceptions[0].Message.ReplaceLineEndings(" ")}\n");
        }

        return Render("");
    }

    private string Render(string head)
    {
        var text = new StringBuilder(head);
        foreach (MetricFamily family in _families.Values.OrderBy(static family => family.Name, StringComparer.Ordinal))
        {
            family.Render(text);
        }

        return text.ToString();
    }

    private bool IsShown(Instrument instrument)
    {
        foreach ((string key, object? value) in instrument.Meter.Tags ?? [])
        {
            if (key == "graft.node")
            {
                return value?.ToString() == _node;
            }
        }

        return instrument.Meter.Name is "System.Runtime" or "Microsoft.AspNetCore.Server.Kestrel";
    }

    private void Listen<T>(Func<T, double> convert)
        where T : struct =>
        _listener.SetMeasurementEventCallback<T>((_, value, tags, state) => ((MetricFamily)state!).Record(convert(value), tags));
}
