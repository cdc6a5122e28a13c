using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using Graft.Consensus;
using Graft.Testing;
using Microsoft.Extensions.Logging;

namespace Graft.Tests;

public sealed class OperationsPagesTests
{
    [Fact]
    public void The_page_of_metrics_has_each_instrument_with_unit_and_meaning_and_no_other()
    {
        List<string> instruments = [];
        using var meters = new NodeMeters(new NodeId(987_654_321), static () => []);
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == NodeMeters.MeterName && instrument.Meter.Tags!.Single().Value is "n987654321")
            {
                string kind = instrument.GetType().Name.Split('`')[0].Replace("Observable", "", StringComparison.Ordinal).ToLowerInvariant();
                instruments.Add($"| `{instrument.Name}` | {kind} | `{instrument.Unit}` | {instrument.Description} |");
            }
        };
        listener.Start();

        Assert.Equal(Sorted(instruments), Sorted(Rows("metrics.md", "| `")));
    }

    [Fact]
    public void The_page_of_events_has_each_line_of_the_log_with_its_level_and_no_other()
    {
        string[] events =
        [
            .. from type in typeof(GraftNode).Assembly.GetTypes()
               from method in type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
               let message = method.GetCustomAttribute<LoggerMessageAttribute>()
               where message is not null
               select $"{message.EventId.ToString(CultureInfo.InvariantCulture)} {message.Level}",
        ];
        string[] rows = [.. Rows("events.md", "| 1").Select(row => row.Split('|')).Select(cells => $"{cells[1].Trim()} {cells[2].Trim()}")];

        Assert.NotEmpty(events);
        Assert.Equal(Sorted(events), Sorted(rows));
        Assert.Equal(events.Length, events.Select(each => each.Split(' ')[0]).Distinct(StringComparer.Ordinal).Count());
    }

    private static string[] Sorted(IEnumerable<string> lines) => [.. lines.Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Rows(string page, string start) =>
        File.ReadLines(Path.Combine(SourceTree.Root, "docs", "operations", page)).Where(line => line.StartsWith(start, StringComparison.Ordinal));
}
