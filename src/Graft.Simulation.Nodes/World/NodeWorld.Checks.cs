using System.Globalization;
using Graft.Client;

namespace Graft.Simulation.Nodes;

/// <content>The second act: what a healed cluster owes.</content>
public sealed partial class NodeWorld
{
    private const int SettleAttempts = 4;
    private const int RestLooks = 50;

    private bool HasLeader()
    {
        GraftNode?[] running = [.. Members.Select(static node => node.Running)];
        return Array.TrueForAll(running, static node => node is not null)
            && running.Count(static node => node!.Group().IsLeader) == 1
            && Array.Find(running, static node => node!.Group().IsLeader) is { } leader
            && Array.TrueForAll(running, node => node!.Group().Leader == leader.Id);
    }

    /// <summary>The machines that aren't retired.</summary>
    private IEnumerable<SimulatedNode> Members => _nodes.Where(static node => !node.IsRetired);

    private bool HaveConverged() => Members.All(node => node.Kind == MemberKind.Witness || node.Machine?.Length == _ledger.Length);

    /// <summary>All that was unknown is asked about, until it's known. Where a session has expired, or a log is compacted, nobody can tell.</summary>
    private async Task SettleAllAsync()
    {
        for (int i = 0; i < SettleAttempts && _unsettled.Count > 0; i++)
        {
            foreach (Unsettled unsettled in _unsettled.ToArray())
            {
                SimulatedProcess process = unsettled.Client ?? Members.First(static node => node.Kind != MemberKind.Witness).Process!;
                process.Start(() => SettleAsync(process, unsettled, TimeSpan.FromSeconds(10)));
            }

            await DelayAsync(TimeSpan.FromMilliseconds(1));
            await UntilAsync(() => _calls.Count == 0, "all calls have ended");
        }

        foreach (Unsettled unsettled in _unsettled)
        {
            bool canBeLost = unsettled.Write.Session == 0 || _options.SessionLifetime < TimeSpan.FromMinutes(1);
            _ledger.Require(canBeLost, $"an unknown outcome can be settled: {unsettled.Command} ({unsettled.Write}) got {unsettled.LastAnswer}");
        }
    }

    private async Task WriteLastAsync()
    {
        foreach ((GraftClient client, SimulatedProcess process) in _clients)
        {
            long before = _ledger.Acknowledged;
            var timeout = TimeSpan.FromSeconds(10);
            process.Start(() => WriteAsync(
                process,
                timeout,
                async command => await client.WriteAsync(Fill(command, _acts), timeout, CancellationToken.None),
                null,
                _acts));
            await DelayAsync(TimeSpan.FromMilliseconds(1));
            await UntilAsync(() => _calls.Count == 0, "all calls have ended");
            _ledger.Require(_ledger.Acknowledged > before, $"a healed cluster takes a write: {process.Name}'s");
        }
    }

    private async Task CheckRestAsync()
    {
        foreach (SimulatedNode node in Members)
        {
            // A node asks of its own, seldom and shortly. What is still there after many looks is left over.
            GroupStatus[] busy = [];
            for (int i = 0; i < RestLooks && (i == 0 || busy.Length > 0); i++)
            {
                await DelayAsync(TimeSpan.FromMilliseconds(100));
                NodeStatus status = await AskAsync(node, static running => running.StatusAsync());
                busy = [.. status.Groups.Where(static group =>
                    group.Pending is not { WritesAppended: 0, WritesHeld: 0, QueuedBytes: 0, ReadsUnconfirmed: 0, ReadsUnapplied: 0 })];
                _ledger.Require(
                    status.Groups.All(static group => group.Halted is null),
                    $"every state machine goes on: {node.Name} {status.Groups[0].Halted?.Message}");
            }

            _ledger.Require(busy.Length == 0, $"nothing is left when nobody waits: {node.Name} has {busy.FirstOrDefault()?.Pending}");
        }
    }

    /// <summary>Asks a node in a turn of its own process.</summary>
    private static async Task<T> AskAsync<T>(SimulatedNode node, Func<GraftNode, Task<T>> ask)
    {
        var asked = new TaskCompletionSource<T>();
        node.Process!.Start(async () => asked.SetResult(await ask(node.Running!)));
        return await asked.Task;
    }

    private async Task StopAllAsync()
    {
        foreach ((GraftClient client, SimulatedProcess process) in _clients)
        {
            var closed = new TaskCompletionSource();
            process.Start(async () =>
            {
                await client.DisposeAsync();
                closed.SetResult();
            });
            await closed.Task;
        }

        foreach (SimulatedNode node in Members.ToArray())
        {
            var stopped = new TaskCompletionSource();
            node.Process!.Start(() => StopAsync(node, stopped.SetResult));
            await stopped.Task;
        }

        await DelayAsync(TimeSpan.FromSeconds(1));
        _ledger.Require(_network.OpenConnections == 0, $"whoever stops closes its connections: {_network.OpenConnections} are open");
    }

    private string Describe() => string.Join("; ", _nodes.Select(DescribeNode))
        + string.Create(CultureInfo.InvariantCulture, $"; {_ledger.Length} applied; {_calls.Count} calls: {string.Join(' ', _calls.Values.Take(3).Select(static call => call.What))}");

    private static string DescribeNode(SimulatedNode node) => node.Running is { } running
        ? string.Create(CultureInfo.InvariantCulture, $"{node.Name} {(running.Group().IsLeader ? "leads" : $"follows {running.Group().Leader}")}, applied {running.Group().Applied}, {node.Machine?.Length}, {running.Group().Members}")
        : $"{node.Name} {(node.IsRetired ? "retired" : node.State)}";
}
