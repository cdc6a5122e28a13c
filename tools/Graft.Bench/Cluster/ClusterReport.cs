using System.Globalization;
using System.Text;

namespace Graft.Bench.Cluster;

/// <summary>What <c>./bench cluster</c> found.</summary>
/// <param name="What">What was called.</param>
/// <param name="Clients">How many called at once.</param>
/// <param name="Size">Bytes of a command.</param>
/// <param name="Nodes">Members.</param>
/// <param name="Seconds">How long was measured.</param>
/// <param name="PerSecond">Calls done.</param>
/// <param name="P50">The median of their times, in milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="P999">Milliseconds.</param>
/// <param name="Max">Milliseconds.</param>
/// <param name="Done">Calls by outcome.</param>
/// <param name="Rejected">Nothing happened.</param>
/// <param name="Unknown">It may have.</param>
/// <param name="FlushesPerSecond">Of the leader's log.</param>
/// <param name="EntriesPerFlush">Writes done for each of them; zero if there were no writes.</param>
/// <param name="NodeMicroseconds">Processor time of all nodes together for each call done.</param>
/// <param name="ClientMicroseconds">The same of the clients.</param>
internal sealed record ClusterReport(
    string What,
    int Clients,
    int Size,
    int Nodes,
    double Seconds,
    double PerSecond,
    double P50,
    double P99,
    double P999,
    double Max,
    long Done,
    long Rejected,
    long Unknown,
    double FlushesPerSecond,
    double EntriesPerFlush,
    double NodeMicroseconds,
    double ClientMicroseconds)
{
    internal string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{What}: {Nodes} nodes, {Clients} clients, {Size} bytes, {Seconds:0.0} s");
        text.AppendLine(CultureInfo.InvariantCulture, $"  throughput   {PerSecond:N0}/s");
        text.AppendLine(CultureInfo.InvariantCulture, $"  latency      p50 {P50:0.00} ms, p99 {P99:0.00} ms, p99.9 {P999:0.00} ms, longest {Max:0.00} ms");
        text.AppendLine(CultureInfo.InvariantCulture, $"  outcomes     done {Done:N0}, rejected {Rejected:N0}, unknown {Unknown:N0}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  leader's log {FlushesPerSecond:N0} flushes/s, {EntriesPerFlush:0.0} entries per flush");
        text.Append(CultureInfo.InvariantCulture, $"  processor    {NodeMicroseconds:0.0} µs per call for all nodes, {ClientMicroseconds:0.0} µs for the clients");
        return text.ToString();
    }
}
