using System.Diagnostics;
using System.Globalization;
using Graft.Consensus;
using Graft.NodeProcess;

namespace Graft.EndToEnd.Tests;

/// <summary>Processes that are killed while clients write. <c>GRAFT_CHAOS_SECONDS=60 ./test --filter-class '*ChaosTests'</c> does it for longer.</summary>
[Collection(nameof(Processes))]
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int WithSession = 32;
    private const int WithoutSession = 8;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task No_acknowledged_write_is_lost_and_none_is_done_twice_while_nodes_are_killed_stopped_and_suspended()
    {
        TimeSpan duration = Settings.ChaosDuration;
        var random = new SeededRandom(Settings.ChaosSeed);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        bound.CancelAfter(duration + TimeSpan.FromMinutes(3));
        CancellationToken cancellation = bound.Token;

        // Small segments and snapshots, so that logs are compacted and a node that was away needs a snapshot.
        await using ProcessCluster cluster = await ProcessCluster.StartAsync(
            ["--segment", "1048576", "--snapshot-log", "1048576", "--trailing", "500"], cancellation);
        NodeConnections[] connections = [.. Enumerable.Range(0, WithSession + WithoutSession).Select(_ => new NodeConnections(cluster.Addresses))];
        ChaosClient[] clients = [.. connections.Index().Select(each => new ChaosClient((ulong)each.Index + 1, each.Item, each.Index < WithSession))];
        using var stop = new CancellationTokenSource();
        Task writing = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(stop.Token, cancellation), cancellation)));
        var faults = new SortedDictionary<string, int>(StringComparer.Ordinal);

        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            TimeSpan next = Stopwatch.GetElapsedTime(start) + Period;
            await Task.Delay(random.Next(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(600)), cancellation);
            string fault = await HurtAsync(cluster, random, cancellation);
            faults[fault] = faults.GetValueOrDefault(fault) + 1;
            cluster.AssertAlive();
            TimeSpan rest = next - Stopwatch.GetElapsedTime(start);
            await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, cancellation);
        }

        await stop.CancelAsync();
        await writing;
        string[] reports = await Task.WhenAll(Enumerable.Range(0, 3).Select(node => cluster.ReportAsync(node, cancellation)));
        foreach (NodeConnections each in connections)
        {
            await each.DisposeAsync();
        }

        cluster.AssertAlive();
        output.WriteLine($"faults: {string.Join(", ", faults.Select(each => $"{each.Key} {each.Value}"))}");
        output.WriteLine($"acknowledged {clients.Sum(each => each.Account.Acknowledged)}, rejected {clients.Sum(each => each.Account.Rejected)}, unknown {clients.Sum(each => each.Account.Unknown)}");
        output.WriteLine(reports[0].Split('\n')[0]);
        Assert.Equal(reports[0], reports[1]);
        Assert.Equal(reports[0], reports[2]);
        Dictionary<ulong, NumberRuns> ledger = reports[0].Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.Split(' ', 2))
            .ToDictionary(row => ulong.Parse(row[0], CultureInfo.InvariantCulture), row => NumberRuns.Parse(row[1]));
        string[] findings = [.. clients.SelectMany(client => client.Account.Compare(ledger.GetValueOrDefault(client.Id) ?? new NumberRuns()))];
        Assert.True(findings.Length == 0, string.Join('\n', findings));
        Assert.All(clients, client => Assert.True(client.Account.Acknowledged > 0, $"client {client.Id} got nothing done"));
    }

    private static async Task<string> HurtAsync(ProcessCluster cluster, SeededRandom random, CancellationToken cancellation)
    {
        int node = random.Next(0, 2);
        int kind = random.Next(0, 9);
        TimeSpan away = random.Next(TimeSpan.Zero, TimeSpan.FromSeconds(1));
        if (kind < 2)
        {
            cluster[node].Suspend();
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            cluster[node].Resume();
            return "suspended";
        }

        bool isKill = kind < 8;
        await (isKill ? cluster.KillAsync(node) : cluster.StopAsync(node));
        await Task.Delay(away, cancellation);
        await cluster.RestartAsync(node, cancellation);
        return isKill ? "killed" : "stopped";
    }
}
