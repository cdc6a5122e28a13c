using Graft.Simulation.Disks;

namespace Graft.Simulation.Nodes;

/// <content>The machines: starts, ends, and what a node may die of.</content>
public sealed partial class NodeWorld
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan JoinTime = TimeSpan.FromSeconds(15);

    private async Task FoundAsync()
    {
        for (int i = 1; i <= _options.Nodes; i++)
        {
            SimulatedNode node = NewNode(MemberKind.Voter);
            Start(node);
            await UntilAsync(() => node.Running is not null, $"{node.Name} has started");
        }

        await UntilAsync(HasLeader, "all nodes follow one leader");
    }

    private SimulatedNode NewNode(MemberKind kind)
    {
        TimeSpan wallError = _options.WallErrorMax == TimeSpan.Zero ? TimeSpan.Zero : _acts.Next(TimeSpan.Zero, _options.WallErrorMax);
        var node = new SimulatedNode($"n{_nodes.Count + 1}", new SimulatedDisk(_seeds.Fork()), wallError) { Kind = kind };
        _nodes.Add(node);
        return node;
    }

    private void Start(SimulatedNode node)
    {
        node.Lives++;
        node.State = NodeState.Starting;
        var process = new SimulatedProcess(_loop, $"{node.Name}.{node.Lives}", (long)_seeds.NextBelow(1UL << 50))
        {
            Owner = node,
            LateTurns = _isCalm ? 0 : _options.LateTurns,
            LateMax = _options.LateMax,
        };
        process.Time.WallError = node.WallError;
        node.Process = process;
        Note(node.Name, "starts");
        process.Start(() => StartAsync(node, process));
    }

    private async Task StartAsync(SimulatedNode node, SimulatedProcess process)
    {
        bool isFounder = node == _nodes[0];
        var options = new NodeOptions
        {
            Listen = node.Address,
            Found = isFounder,
            ForceNew = true,
            ElectionTimeout = _options.ElectionTimeout,
            SegmentBytes = _options.SegmentBytes,
            LogCacheBytes = _options.LogCacheBytes,
            CommandBytesMax = _options.CommandBytesMax,
            SnapshotLogBytes = _options.SnapshotLogBytes,
            TrailingEntries = _options.TrailingEntries,
            CompareInterval = _options.CompareInterval,
            JoinAs = node.Kind,
            JoinTimeout = JoinTime,
            OnAlarm = alarm => _loop.Fail($"no alarm is due: {node.Name} {alarm.Kind} {alarm.Message}"),
        };
        if (!isFounder)
        {
            foreach (SimulatedNode other in _nodes.Where(other => other != node))
            {
                options.Join.Add(other.Address);
            }
        }

        var seams = new NodeSeams
        {
            Disk = node.Disk,
            Time = process.Time,
            Seed = _seeds.NextUInt64(),
            Network = _network.At(node.Name),
            Context = process,
        };
        var machine = new ListMachine(_ledger, node.Name, () => PauseApplyAsync(process));
        node.Machine = machine;
        try
        {
            GraftNode started = await GraftNode.StartAsync(options, seams, group => group == GraftNode.DefaultGroup ? machine : null, CancellationToken.None);
            (node.Node, node.State, node.Id) = (started, NodeState.Running, started.Id);
            Note(node.Name, $"runs as {started.Id}");
            Exception? failure = await started.Failed;
            if (failure is not null)
            {
                _loop.Fail($"{node.Name} failed: {failure.GetType().Name}: {failure.Message}", failure.ToString());
            }
            else if (node.State == NodeState.Running)
            {
                _ledger.Require(started.Removed.IsCompleted, $"a node stops by itself only if it was removed: {node.Name}");
                Retire(node, "was asked to stop");
            }
        }
        catch (IOException refused) when (!node.Disk.HasDied)
        {
            Note(node.Name, $"couldn't start: {refused.Message}");
            if (_isCalm && node.Id is null && refused.Message.Contains("was refused", StringComparison.Ordinal))
            {
                // The members that there are by now don't go with it: a witness too many, say.
                Retire(node, "isn't wanted");
                return;
            }

            End(node, isPowerLost: false, TimeSpan.FromMilliseconds(500));
        }
#pragma warning disable CA1031 // What a start throws is a finding of this seed.
        catch (Exception crash) when (!node.Disk.HasDied)
#pragma warning restore CA1031
        {
            _loop.Fail($"{node.Name} didn't start: {crash.GetType().Name}: {crash.Message}", crash.ToString());
        }
#pragma warning disable CA1031 // A process that is dead handles no errors.
        catch (Exception)
#pragma warning restore CA1031
        {
            // It died in a call to its disk, and its process dies with this turn.
        }
    }

    private Task PauseApplyAsync(SimulatedProcess process) =>
        !_isCalm && _options.SlowApplies > 0 && _acts.Chance(_options.SlowApplies)
            ? Task.Delay(_acts.Next(TimeSpan.Zero, _options.SlowApplyMax), process.Time, CancellationToken.None)
            : Task.CompletedTask;

    /// <summary>Ends a process and what it held, and starts the node again later.</summary>
    private void End(SimulatedNode node, bool isPowerLost, TimeSpan downFor)
    {
        bool isDark = isPowerLost && _faults.Chance(500);
        Note(node.Name, $"ends ({(isPowerLost ? "no power" : "killed")}{(isDark ? ", dark" : "")})");
        SimulatedProcess process = node.Process!;
        process.Die();
        DropCalls(process);
        (node.State, node.Node, node.Machine) = (NodeState.Down, null, null);
        _network.Lose(node.Name, isDark);
        if (isPowerLost)
        {
            node.Disk.Crash(CrashMode.Drawn);
        }
        else
        {
            node.Disk.Kill();
        }

        int life = node.Lives;
        _loop.Root.Start(async () =>
        {
            await DelayAsync(downFor);
            StartAgain(node, life);
        });
    }

    private void StartAgain(SimulatedNode node, int life)
    {
        if (node is { State: NodeState.Down, IsRetired: false } && node.Lives == life)
        {
            _network.Return(node.Name);
            Start(node);
        }
    }

    private async Task StopAsync(SimulatedNode node, Action then)
    {
        GraftNode stopping = node.Node!;
        node.State = NodeState.Stopping;
        Note(node.Name, "stops");
        SimulatedProcess process = node.Process!;
        long paused = process.PausedTicks;
        long begun = _loop.Now;
        await stopping.DisposeAsync();
        TimeSpan took = new(_loop.Now - begun - (process.PausedTicks - paused));
        _ledger.Require(took <= StopTime, $"a node stops within {StopTime.TotalSeconds} s: {node.Name} took {took}");
        Note(node.Name, "has stopped");
        process.Die();
        DropCalls(process);
        (node.State, node.Node, node.Machine) = (NodeState.Down, null, null);
        _network.Lose(node.Name, isDark: false);
        then();
    }

    private void OnTurnEnded(SimulatedProcess process)
    {
        SimulatedNode? node = process.Owner;
        if (node is not null && node.Process == process && process.State != ProcessState.Dead && node.Disk.HasDied)
        {
            Note(node.Name, "died in a call to its disk");
            End(node, _faults.Chance(700), Around(_faults, TimeSpan.FromSeconds(1)));
        }
        else if (process is { State: not ProcessState.Dead, Escaped: { } escaped })
        {
            _loop.Fail($"{process.Name} let {escaped.GetType().Name} escape: {escaped.Message}", escaped.ToString());
        }
    }
}
