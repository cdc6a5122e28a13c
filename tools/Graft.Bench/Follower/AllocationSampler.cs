using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Graft.Bench.Follower;

/// <summary>Hears from the runtime, about every hundred kilobytes, which object was just allocated.</summary>
internal sealed class AllocationSampler : EventListener
{
    private const EventKeywords Collector = (EventKeywords)1;
    private const int TypeName = 5;

    private readonly ConcurrentDictionary<string, long> _types = new(StringComparer.Ordinal);

    /// <summary>The types that were met, the most frequent first.</summary>
    internal IReadOnlyList<KeyValuePair<string, long>> Take() => [.. _types.OrderByDescending(static type => type.Value).Take(12)];

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            EnableEvents(eventSource, EventLevel.Verbose, Collector);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        // The base class enables sources before this one's fields are there.
        if (eventData.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) == true && eventData.Payload?[TypeName] is string type)
        {
            _types?.AddOrUpdate(type, 1, static (_, count) => count + 1);
        }
    }
}
