using Graft.Network;
using Graft.NodeProcess;

namespace Graft.EndToEnd.Tests;

/// <summary>How long nobody can write when the leader goes. <c>GRAFT_FAILOVER_ROUNDS=15</c> gives medians worth quoting.</summary>
[Collection(nameof(Processes))]
public sealed class FailoverTests(ITestOutputHelper output)
{
    // Of the default options.
    private static readonly TimeSpan ElectionTimeout = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task Writes_go_on_soon_after_a_leader_is_killed_and_at_once_after_it_hands_over()
    {
        int rounds = Settings.FailoverRounds;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(TimeSpan.FromMinutes(2 + rounds));
        CancellationToken cancellation = bound.Token;
        await using ProcessCluster cluster = await ProcessCluster.StartAsync([], cancellation);
        await using var writers = new Writers(cluster);

        List<TimeSpan> killed = [];
        List<TimeSpan> stopped = [];
        List<TimeSpan> transferred = [];
        for (int round = 0; round < rounds; round++)
        {
            killed.Add(await MeasureAsync(cluster, writers, cluster.KillAsync, isAway: true, cancellation));
            stopped.Add(await MeasureAsync(cluster, writers, cluster.StopAsync, isAway: true, cancellation));
            transferred.Add(await MeasureAsync(cluster, writers, node => TransferAsync(cluster, node, cancellation), isAway: false, cancellation));
        }

        Tell("killed", killed);
        Tell("stopped in order", stopped);
        Tell("transferred", transferred);

        // A machine that runs other tests beside this one may take several times as long as a quiet one (benchmarks.md).
        Assert.True(Median(killed) < 8 * ElectionTimeout, $"{Median(killed)} without writes after a leader was killed.");
        Assert.True(Median(stopped) < 4 * ElectionTimeout, $"{Median(stopped)} without writes after a leader stopped in order.");
        Assert.True(Median(transferred) < 4 * ElectionTimeout, $"{Median(transferred)} without writes after a transfer.");
    }

    private static async Task<TimeSpan> MeasureAsync(
        ProcessCluster cluster, Writers writers, Func<int, Task> goAway, bool isAway, CancellationToken cancellation)
    {
        TimeSpan settled = TimeSpan.FromSeconds(1);
        await Task.Delay(settled, cancellation);
        int leader = await cluster.FindLeaderAsync(cancellation);
        writers.Watch();
        await goAway(leader);
        await cluster.FindLeaderAsync(cancellation);
        await Task.Delay(settled, cancellation);
        TimeSpan pause = writers.Longest;
        if (isAway)
        {
            await cluster.RestartAsync(leader, cancellation);
        }

        return pause;
    }

    private static async Task TransferAsync(ProcessCluster cluster, int leader, CancellationToken cancellation)
    {
        await using var connections = new NodeConnections(cluster.Addresses);
        CallEnd end = await new NodeCaller(connections, leader).CallAsync(
            CallMethod.Transfer, new TransferCall(null).Encode(), isRepeatable: false, TimeSpan.FromSeconds(5), cancellation);
        Assert.True(end.Outcome == CallOutcome.Done, end.Text);
    }

    private void Tell(string what, List<TimeSpan> pauses) => output.WriteLine(FormattableString.Invariant(
        $"{what}: median {Median(pauses).TotalMilliseconds:0} ms without writes, {pauses.Min().TotalMilliseconds:0} to {pauses.Max().TotalMilliseconds:0}, {pauses.Count} rounds"));

    private static TimeSpan Median(List<TimeSpan> pauses) => pauses.Order().ElementAt(pauses.Count / 2);
}
