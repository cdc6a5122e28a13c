using System.Globalization;
using System.Text;

namespace Graft.Bench.Http;

/// <summary>What <c>./bench http</c> found.</summary>
/// <param name="RowsEach">Rows in a request.</param>
/// <param name="Rounds">How many of each were run, in turns. What is reported is each one's median round by throughput.</param>
/// <param name="Seconds">How long a round was measured.</param>
/// <param name="Rows">One for each number of clients.</param>
internal sealed record HttpReport(int RowsEach, int Rounds, double Seconds, IReadOnlyList<HttpReport.Row> Rows)
{
    internal string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"inserts over HTTP: 3 nodes, {RowsEach} rows in a request, {Rounds} rounds of {Seconds:0.0} s of each in turns; the median round");
        text.AppendLine();
        text.AppendLine("clients  whose   requests/s     rows/s    ratio   p50 ms   p99 ms");
        foreach (Row row in Rows)
        {
            Append(row.Clients, "graft", row.Own, row.Ratio);
            if (row.Rival is { } rival)
            {
                Append(row.Clients, "rqlite", rival, null);
            }
            else if (row.NotedPerSecond is { } noted)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"{row.Clients,7}  rqlite {noted,11:N0} {noted * RowsEach,10:N0}  other run, another machine");
            }
        }

        return text.ToString().TrimEnd();

        void Append(int clients, string whose, HttpRun run, double? ratio) => text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{clients,7}  {whose,-6} {run.PerSecond,11:N0} {run.PerSecond * RowsEach,10:N0} {(ratio is { } times ? times.ToString("0.00", CultureInfo.InvariantCulture) + " ×" : ""),8} {run.P50,8:0.00} {run.P99,8:0.00}");
    }

    /// <param name="Clients">How many called at once.</param>
    /// <param name="Own">Our median round.</param>
    /// <param name="Rival">rqlite's; null if it wasn't measured here.</param>
    /// <param name="NotedPerSecond">Requests that rqlite 10.2.7 did in another run; null if none was noted.</param>
    internal sealed record Row(int Clients, HttpRun Own, HttpRun? Rival, double? NotedPerSecond)
    {
        /// <summary>Of our throughput to the rival's.</summary>
        public double? Ratio => Own.PerSecond / (Rival?.PerSecond ?? NotedPerSecond);
    }
}
