using System.Globalization;
using System.Text;

namespace Graft.Bench.Cluster.Rival;

/// <summary>What <c>./bench cluster --rival</c> found.</summary>
/// <param name="Rival">Which version was measured, or why none was.</param>
/// <param name="IsMeasured">Whether its figures are of this run; otherwise they are an order of magnitude, noted elsewhere.</param>
/// <param name="Rounds">How many of each were run, in turns. What is reported is each one's median round by throughput.</param>
/// <param name="Rows">One for each kind of call.</param>
internal sealed record RivalReport(string Rival, bool IsMeasured, int Rounds, IReadOnlyList<RivalReport.Row> Rows)
{
    internal string ToText()
    {
        ClusterReport shape = Rows[0].Own;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"rival: {Rival}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{shape.Nodes} nodes, {shape.Clients} clients, {shape.Size} bytes, {Rounds} rounds of {shape.Seconds:0.0} s of each in turns; the median round");
        text.AppendLine();
        text.AppendLine("call                whose       per s  ratio   p50 ms   p99 ms  p99.9 ms  flushes/s  CPU µs: nodes  clients  rejected, unknown");
        foreach (Row row in Rows)
        {
            string ratio = row.Ratio is { } times ? $"{times.ToString("0.00", CultureInfo.InvariantCulture)} ×" : "";
            Append(text, row.Own, "ours", ratio);
            if (row.Rival is { } rival)
            {
                Append(text, rival, "etcd", "");
            }
            else if (row.RivalPerSecond is { } noted)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{"",-18}  etcd  {noted,11:N0}  other run");
            }
            else
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{"",-18}  etcd  no figure was noted for this many nodes and clients");
            }
        }

        return text.ToString().TrimEnd();
    }

    private static void Append(StringBuilder text, ClusterReport run, string whose, string ratio) => text.AppendLine(
        CultureInfo.InvariantCulture,
        $"{run.What,-18}  {whose}  {run.PerSecond,11:N0} {ratio,6} {run.P50,8:0.00} {run.P99,8:0.00}  {run.P999,8:0.00}  {run.FlushesPerSecond,9:N0}  {run.NodeMicroseconds,13:0.0}  {run.ClientMicroseconds,7:0.0}  {run.Rejected}, {run.Unknown}");

    /// <param name="Own">Our median round.</param>
    /// <param name="Rival">The rival's; null if it wasn't measured here.</param>
    /// <param name="RivalPerSecond">Its throughput, here or in another run; null if there is no figure.</param>
    internal sealed record Row(ClusterReport Own, ClusterReport? Rival, double? RivalPerSecond)
    {
        /// <summary>Of our throughput to the rival's.</summary>
        public double? Ratio => Own.PerSecond / RivalPerSecond;
    }
}
