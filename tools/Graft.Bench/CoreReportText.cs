using System.Globalization;
using System.Text;

namespace Graft.Bench;

/// <summary>Renders a report as tables for people.</summary>
internal static class CoreReportText
{
    internal static string Of(CoreReport report)
    {
        var text = new StringBuilder();
        Line(text, $"{report.Machine}. Medians of {report.Rounds} rounds, {report.SecondsPerRow} s per row.");
        AddProposals(text, report);
        AddHeartbeats(text, report);
        AddTerms(text, report);
        return text.ToString().TrimEnd();
    }

    private static void AddProposals(StringBuilder text, CoreReport report)
    {
        if (report.Proposals.Count == 0)
        {
            return;
        }

        bool hasRival = report.Rival is not null;
        Line(text, $"");
        Line(text, $"Proposals, from the call at the leader to the commit, stored and acknowledged by all nodes");
        Line(text, $"  mode       nodes  batch  committed/s  ns each  B each{(hasRival ? "   rival/s  rival B  ratio" : "")}");
        foreach (CoreReport.ProposalRow row in report.Proposals)
        {
            Line(text, $"  {row.Mode,-9}  {row.Nodes,5}  {row.Batch,5}  {row.PerSecond,11:N0}  {row.Nanoseconds,7:N1}  {row.Bytes,6:0.##}{(hasRival ? RivalCells(row.Rival) : "")}");
        }

        if (hasRival)
        {
            Line(text, $"  rival: {report.Rival}");
        }
    }

    private static string RivalCells(CoreReport.RivalCell? cell)
    {
        if (cell is null)
        {
            return "         -        -      -";
        }

        string bytes = cell.Bytes is { } known ? known.ToString("N0", CultureInfo.InvariantCulture) : "-";
        return string.Create(CultureInfo.InvariantCulture, $"{cell.PerSecond,10:N0}  {bytes,7}  {cell.Ratio,4:0.0} x{(cell.IsSameRun ? "" : "  (other run)")}");
    }

    private static void AddHeartbeats(StringBuilder text, CoreReport report)
    {
        if (report.Heartbeats.Count == 0)
        {
            return;
        }

        Line(text, $"");
        Line(text, $"Heartbeat round: the leader alone, and with all followers answering");
        Line(text, $"  followers  leader ns  leader B  full ns  full B");
        foreach (CoreReport.HeartbeatRow row in report.Heartbeats)
        {
            Line(text, $"  {row.Followers,9}  {row.LeaderNanoseconds,9:N0}  {row.LeaderBytes,8:0.##}  {row.FullNanoseconds,7:N0}  {row.FullBytes,6:0.##}");
        }
    }

    private static void AddTerms(StringBuilder text, CoreReport report)
    {
        if (report.Terms.Count == 0)
        {
            return;
        }

        Line(text, $"");
        Line(text, $"Term of an entry, by the number of term runs in the log");
        Line(text, $"  runs  random ns  newest ns     B");
        foreach (CoreReport.TermRow row in report.Terms)
        {
            Line(text, $"  {row.Runs,4}  {row.RandomNanoseconds,9:N1}  {row.NewestNanoseconds,9:N1}  {row.Bytes,4:0.##}");
        }
    }

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
