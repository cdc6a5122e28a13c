using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Graft;

/// <summary>Instruments and traces, whose listeners are called where something is measured and may throw.</summary>
/// <remarks>A measurement is worth neither a turn nor the process: what a listener throws is passed over, and with it the measurement.</remarks>
internal static class Measuring
{
#pragma warning disable CA1031 // Whatever a listener throws.
    internal static void Tell<T>(this Histogram<T> instrument, T value, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
        where T : struct
    {
        try
        {
            instrument.Record(value, tags);
        }
        catch (Exception)
        {
        }
    }

    internal static void Count(this Counter<long> instrument, in KeyValuePair<string, object?> tag)
    {
        try
        {
            instrument.Add(1, tag);
        }
        catch (Exception)
        {
        }
    }

    /// <summary>Begins a trace, if somebody listens.</summary>
    internal static Activity? Begin(this ActivitySource source, string name)
    {
        try
        {
            return source.StartActivity(name);
        }
        catch (Exception)
        {
            return null;
        }
    }

    internal static void End(this Activity trace)
    {
        try
        {
            trace.Stop();
        }
        catch (Exception)
        {
        }
    }
#pragma warning restore CA1031
}
