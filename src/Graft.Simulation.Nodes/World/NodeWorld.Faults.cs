using Graft.Consensus;

namespace Graft.Simulation.Nodes;

/// <content>What goes wrong.</content>
public sealed partial class NodeWorld
{
    private async Task BreakAsync()
    {
        while (!_isCalm)
        {
            await DelayAsync(Around(_faults, _options.FaultPause));
            if (!_isCalm && _options.Draw(_faults) is { } fault)
            {
                Do(fault);
            }
        }
    }

    private void Do(NodeFault fault)
    {
        if (Pick() is not { } node)
        {
            return;
        }

        switch (fault)
        {
            case NodeFault.PowerLoss or NodeFault.Kill when node.State != NodeState.Down:
                End(node, fault == NodeFault.PowerLoss, Around(_faults, TimeSpan.FromSeconds(1)));
                break;
            case NodeFault.DieInCall when node.State != NodeState.Down:
                node.Disk.DieAtCall(_faults.Next(1, 60));
                break;
            case NodeFault.Blackout:
                foreach (SimulatedNode each in _nodes.Where(static each => each.State != NodeState.Down))
                {
                    End(each, isPowerLost: true, Around(_faults, TimeSpan.FromSeconds(1)));
                }

                break;
            case NodeFault.Restart when node.Running is not null:
                Restart(node);
                break;
            case NodeFault.Pause when node.State != NodeState.Down:
                Pause(node, Around(_faults, TimeSpan.FromMilliseconds(700)));
                break;
            case NodeFault.CutOneWay:
                CutFor(node.Name, PickHost(), isBothWays: false);
                break;
            case NodeFault.Cut:
                CutFor(node.Name, PickHost(), isBothWays: true);
                break;
            case NodeFault.Isolate:
                Isolate(node);
                break;
            case NodeFault.Reset:
                string other = PickHost();
                Note(node.Name, $"is reset from {other}");
                _network.Reset(node.Name, other);
                break;
            case NodeFault.Clog:
                Clog(node.Name, PickHost(), Around(_faults, TimeSpan.FromSeconds(1)));
                break;
            case NodeFault.WallJump:
                TimeSpan error = _faults.Next(TimeSpan.Zero, TimeSpan.FromMinutes(30)) - TimeSpan.FromMinutes(10);
                node.WallError += error;
                Note(node.Name, $"its wall clock jumps by {error}");
                if (node.Process is { } process)
                {
                    process.Time.WallError = node.WallError;
                }

                break;
            case NodeFault.Transfer when node.Running is { } leader && leader.Group().IsLeader && _nodes.Count > 1:
                node.Process!.Start(() => TransferAsync(node, leader));
                break;
            case NodeFault.Join when _nodes.Count < MachinesMax:
                Join();
                break;
            case NodeFault.Remove or NodeFault.Promote or NodeFault.Demote or NodeFault.Replace when node.Running is { } asked:
                ChangeMembers(fault, node, asked);
                break;
            default:
                return;
        }

        Count(fault.ToString());
    }

    private SimulatedNode? Pick() => _nodes[_faults.Next(0, _nodes.Count - 1)] is { IsRetired: false } picked ? picked : null;

    private string PickHost()
    {
        int drawn = _faults.Next(0, _nodes.Count + _options.Clients - 1);
        return drawn < _nodes.Count ? _nodes[drawn].Name : ClientName(drawn - _nodes.Count);
    }

    private void Restart(SimulatedNode node)
    {
        int life = node.Lives;
        TimeSpan downFor = Around(_faults, TimeSpan.FromMilliseconds(500));
        node.Process!.Start(() => StopAsync(node, () => _loop.Root.Start(async () =>
        {
            await DelayAsync(downFor);
            StartAgain(node, life);
        })));
    }

    private void Pause(SimulatedNode node, TimeSpan length)
    {
        SimulatedProcess process = node.Process!;
        if (process.State != ProcessState.Running)
        {
            return;
        }

        Note(node.Name, $"is paused for {length.TotalMilliseconds} ms");
        process.Pause();
        _loop.Root.Start(async () =>
        {
            await DelayAsync(length);
            process.Resume();
        });
    }

    private void CutFor(string a, string b, bool isBothWays)
    {
        if (a == b)
        {
            return;
        }

        bool isThere = isBothWays || _faults.Chance(500);
        TimeSpan length = Around(_faults, TimeSpan.FromSeconds(1));
        Note(a, $"is cut {(isBothWays ? "from" : isThere ? "to" : "as heard from")} {b} for {length.TotalMilliseconds} ms");
        List<(string, string)> ways = [];
        if (isThere)
        {
            ways.Add((a, b));
        }

        if (isBothWays || !isThere)
        {
            ways.Add((b, a));
        }

        Cut(ways, length);
    }

    private void Isolate(SimulatedNode node)
    {
        TimeSpan length = Around(_faults, TimeSpan.FromMilliseconds(1500));
        Note(node.Name, $"is isolated for {length.TotalMilliseconds} ms");
        List<(string, string)> ways = [];
        foreach (SimulatedNode other in _nodes.Where(other => other != node))
        {
            ways.Add((node.Name, other.Name));
            ways.Add((other.Name, node.Name));
        }

        Cut(ways, length);
    }

    private void Cut(List<(string From, string Target)> ways, TimeSpan length)
    {
        foreach ((string from, string target) in ways)
        {
            _network.Cut(from, target);
        }

        _loop.Root.Start(async () =>
        {
            await DelayAsync(length);
            foreach ((string from, string target) in ways)
            {
                _network.Heal(from, target);
            }
        });
    }

    private void Clog(string from, string target, TimeSpan length)
    {
        Note(from, $"is clogged to {target} for {length.TotalMilliseconds} ms");
        _network.Clog(from, target, length);
    }

    private async Task TransferAsync(SimulatedNode node, GraftNode leader)
    {
        Note(node.Name, "hands leadership over");
        try
        {
            TransferResult result = await leader.Group().TransferLeadershipAsync();
            Note(node.Name, $"handed over: {result}");
        }
        catch (RejectedException refused)
        {
            Note(node.Name, $"keeps leadership: {refused.Message}");
        }
    }

    private void HealAll()
    {
        _network.HealAll();
        foreach (SimulatedNode node in _nodes)
        {
            node.Disk.StopFaults();
            if (node.Process is { } process)
            {
                process.LateTurns = 0;
                process.Resume();
            }

            if (node.State == NodeState.Down)
            {
                // One that is retired stays so.
                StartAgain(node, node.Lives);
            }
        }
    }
}
