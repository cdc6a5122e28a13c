namespace Graft.Bench.Log;

/// <summary>What <c>./bench log</c> found.</summary>
internal sealed record LogReport
{
    public required string Machine { get; init; }

    public required string Disk { get; init; }

    public string? Rival { get; init; }

    public List<LatencyRow> Latency { get; } = [];

    public List<ThroughputRow> Throughput { get; } = [];

    public RecoveryRow? Recovery { get; set; }

    public MemoryRow? Memory { get; set; }

    /// <summary>One appender. Medians in microseconds; "raw" is the loop of write and flush of as many bytes.</summary>
    internal sealed record LatencyRow(int Payload, int Entries, int BatchBytes, double Raw, double Own, double Ratio, double Wake, double Caller, double CallerLimit, double? Rival);

    /// <summary>Many appenders. What one raw loop makes of the same bytes for each flush beside a busy core, and another of a single payload.</summary>
    internal sealed record ThroughputRow(int Appenders, int Payload, FleetRow Callbacks, FleetRow Tasks, FleetRow Ideal, double RawBesideBusyCore, double RawOfOnePayload);

    /// <summary>Raw: flushes per second of a loop with as many bytes for each; the ratio is the median of the rounds.</summary>
    internal sealed record FleetRow(double EntriesPerSecond, double EntriesPerFlush, double BytesPerFlush, double FlushesPerSecond, double RawFlushesPerSecond, double Ratio, double ProcessorMicrosecondsPerEntry);

    internal sealed record RecoveryRow(long Bytes, long Entries, double Seconds, double GiBPerSecond, double CrcGiBPerSecond);

    internal sealed record MemoryRow(long Entries, long IndexBytes, double BytesPerEntry, double AllocatedPerEntry);
}
