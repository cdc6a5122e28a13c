namespace Graft.Bench;

/// <summary>Everything that one run of <c>./bench core</c> has measured.</summary>
internal sealed record CoreReport(
    string Machine,
    double SecondsPerRow,
    int Rounds,
    IReadOnlyList<CoreReport.ProposalRow> Proposals,
    IReadOnlyList<CoreReport.HeartbeatRow> Heartbeats,
    IReadOnlyList<CoreReport.TermRow> Terms,
    string? Rival)
{
    /// <param name="Mode">Closed or pipelined.</param>
    /// <param name="Nodes">Cores in the cluster.</param>
    /// <param name="Batch">Entries per turn.</param>
    /// <param name="PerSecond">Committed proposals.</param>
    /// <param name="Nanoseconds">Per proposal, all cores together.</param>
    /// <param name="Bytes">Allocated per proposal, all cores together.</param>
    /// <param name="Rival">The rival on the same work, if it was asked for and is known.</param>
    internal sealed record ProposalRow(string Mode, int Nodes, int Batch, double PerSecond, double Nanoseconds, double Bytes, RivalCell? Rival);

    /// <param name="PerSecond">The rival's committed proposals.</param>
    /// <param name="Bytes">What it allocated per proposal, if known.</param>
    /// <param name="Ratio">Ours through the rival's.</param>
    /// <param name="IsSameRun">Measured between our rounds; else a figure noted elsewhere, at another time.</param>
    internal sealed record RivalCell(double PerSecond, double? Bytes, double Ratio, bool IsSameRun);

    internal sealed record HeartbeatRow(int Followers, double LeaderNanoseconds, double LeaderBytes, double FullNanoseconds, double FullBytes);

    internal sealed record TermRow(int Runs, double RandomNanoseconds, double NewestNanoseconds, double Bytes);
}
