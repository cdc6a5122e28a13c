using System.Globalization;
using System.Text;

namespace Graft.Bench.Log;

/// <summary>Renders a report as tables for people.</summary>
internal static class LogReportText
{
    internal static string Of(LogReport report)
    {
        var text = new StringBuilder();
        Line(text, $"{report.Machine}, {report.Disk}. Raw and own in turns, in the same run.");
        if (report.Latency.Count > 0)
        {
            Line(text, $"");
            Line(text, $"One appender, medians in µs. Raw: as many bytes into a file written before, and a flush. Other thread: one entry");
            Line(text, $"  payload  entries  on disk    raw    own  ratio   wake-up  other thread  1.15 raw + 2 wake-ups{(report.Rival is null ? "" : "  rival  rival/own")}");
            foreach (LogReport.LatencyRow row in report.Latency)
            {
                Line(text, $"  {row.Payload,7}  {row.Entries,7}  {row.BatchBytes,7}  {row.Raw,5:0}  {row.Own,5:0}  {row.Ratio,5:0.00}  {row.Wake,8:0.0}  {row.Caller,12:0}  {row.CallerLimit,21:0}{(row.Rival is { } rival ? string.Create(CultureInfo.InvariantCulture, $"  {rival,5:0}  {rival / row.Own,9:0.00}") : "")}");
            }

            if (report.Rival is { } name)
            {
                Line(text, $"  rival: {name}");
            }
        }

        if (report.Throughput.Count > 0)
        {
            Line(text, $"");
            Line(text, $"Many appenders, each in a group of its own. Raw: as many bytes for each flush; busy: the same beside a busy core; one: a payload alone");
            Line(text, $"  appenders  payload  told by    entries/s  entries/flush  bytes/flush  flushes/s  raw/s  ratio  CPU µs/entry  busy/s  one/s");
            foreach (LogReport.ThroughputRow row in report.Throughput)
            {
                Fleet(text, row, "callback", row.Callbacks);
                Fleet(text, row, "task", row.Tasks);
                Fleet(text, row, "no log", row.Ideal);
            }
        }

        if (report.Recovery is { } recovery)
        {
            Line(text, $"");
            Line(text, $"Recovery of {recovery.Bytes / (1 << 20):N0} MiB ({recovery.Entries:N0} entries of 256 B): {recovery.Seconds:0.00} s, {recovery.GiBPerSecond:0.00} GiB/s; CRC-32C alone {recovery.CrcGiBPerSecond:0.0} GiB/s");
        }

        if (report.Memory is { } memory)
        {
            Line(text, $"");
            Line(text, $"Index of {memory.Entries:N0} entries: {memory.IndexBytes / 1048576.0:0.0} MiB, {memory.BytesPerEntry:0.00} B each; allocated per entry in steady state: {memory.AllocatedPerEntry:0.####} B");
        }

        return text.ToString().TrimEnd();
    }

    private static void Fleet(StringBuilder text, LogReport.ThroughputRow row, string kind, LogReport.FleetRow fleet) =>
        Line(text, $"  {row.Appenders,9}  {row.Payload,7}  {kind,-8}  {fleet.EntriesPerSecond,10:N0}  {fleet.EntriesPerFlush,13:0.0}  {fleet.BytesPerFlush,11:N0}  {fleet.FlushesPerSecond,9:N0}  {fleet.RawFlushesPerSecond,5:0}  {fleet.Ratio,5:0.00}  {fleet.ProcessorMicrosecondsPerEntry,12:0.00}  {row.RawBesideBusyCore,6:0}  {row.RawOfOnePayload,5:0}");

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
