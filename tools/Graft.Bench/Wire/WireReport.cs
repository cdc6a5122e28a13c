using System.Globalization;
using System.Text;

namespace Graft.Bench.Wire;

/// <summary>What <c>./bench wire</c> found.</summary>
internal sealed record WireReport(IReadOnlyList<WireReport.Row> Rows)
{
    internal static WireReport Run(WireArguments arguments) => new(
    [
        .. from benchmark in WireBenchmark.All
           let sample = benchmark.Measure(TimeSpan.FromSeconds(arguments.Seconds))
           select new Row(benchmark.Name, sample.PerSecond, sample.Nanoseconds, benchmark.WireBytes, sample.Bytes),
    ]);

    internal string ToText()
    {
        var text = new StringBuilder("Messages encoded, sealed, verified and decoded, in one thread\n");
        text.AppendLine("  message                 messages/s   ns each   bytes on the wire   B allocated");
        foreach (Row row in Rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  {row.Message,-20}  {row.PerSecond,12:N0}  {row.Nanoseconds,8:N1}  {row.WireBytes,18:N1}  {row.Bytes,12:0.##}");
        }

        return text.ToString().TrimEnd();
    }

    internal sealed record Row(string Message, double PerSecond, double Nanoseconds, double WireBytes, double Bytes);
}
