using Graft.Consensus;

namespace Graft.Simulation.Core;

// The first act: one fault, or one request of an operator, after another, as the seed's weights say.
public sealed partial class World
{
    private ulong _partition;

    private void DoSomethingBad()
    {
        if (_act != 1)
        {
            return;
        }

        _queue.Add(_time + 1 + Exponential(_nemesisRandom, _options.NemesisInterval.Ticks), EventKind.Nemesis, 0, 0, 0);
        RetireRemoved();
        int total = 0;
        for (FaultKind kind = FaultKind.Partition; kind <= FaultKind.Directed; kind++)
        {
            total += _options.WeightOf(kind);
        }

        if (total == 0)
        {
            return;
        }

        int drawn = (int)_nemesisRandom.NextBelow((ulong)total);
        for (FaultKind kind = FaultKind.Partition; kind <= FaultKind.Directed; kind++)
        {
            drawn -= _options.WeightOf(kind);
            if (drawn < 0)
            {
                Do(kind);
                return;
            }
        }
    }

    private void Do(FaultKind kind)
    {
        int slot = PickUp(_nemesisRandom);
        if (slot < 0)
        {
            return;
        }

        if (_nemesisRandom.Chance(300) && _lastLeader >= 0 && _nodes[_lastLeader].IsUp)
        {
            slot = _lastLeader;
        }

        SimNode node = _nodes[slot];
        switch (kind)
        {
            case FaultKind.Partition:
                PartitionAtRandom();
                break;
            case FaultKind.Clog:
                ClogAtRandom(slot);
                break;
            case FaultKind.Crash:
                CrashAtRandom(node);
                break;
            case FaultKind.Pause:
                Pause(node, Span(_t / 20, _t * 8));
                break;
            case FaultKind.DiskStall:
                _tally.Hit(kind);
                node.StalledUntil = _time + Span(_t / 10, _t * 6);
                Trace(slot, "its disk stalls");
                break;
            case FaultKind.StorageFailure:
                if (Down < _options.DownMax && !node.IsStopped)
                {
                    CallNode(slot, EventKind.FailStorage, 0);
                }

                break;
            case FaultKind.Rot:
                RotAtRandom(node);
                break;
            case FaultKind.Wipe:
                WipeAtRandom(node);
                break;
            case FaultKind.SlowApply:
                _tally.Hit(kind);
                node.Host!.IsApplyHeld = true;
                _queue.Add(_time + Span(_t / 10, _t * 6), EventKind.ApplyAgain, slot, node.Life, 0);
                break;
            case FaultKind.Snapshot:
                _tally.Hit(kind);
                CallNode(slot, EventKind.TakeSnapshot, Trailing());
                break;
            case FaultKind.Membership:
                CallNode(PickLeader(), EventKind.ChangeMembers, 0);
                break;
            case FaultKind.Transfer:
                _tally.Hit(kind);
                CallNode(PickLeader(), EventKind.Transfer, 0);
                break;
            case FaultKind.Campaign:
                _tally.Hit(kind);
                CallNode(slot, EventKind.Campaign, 0);
                break;
            case FaultKind.HostReport:
                _tally.Hit(kind);
                ReportSomething(node);
                break;
            default:
                _tally.Hit(FaultKind.Directed);
                Direct();
                break;
        }
    }

    private int Down
    {
        get
        {
            int down = 0;
            foreach (SimNode node in _nodes)
            {
                down += node.IsUp || node.IsWiped || node.IsRetired ? 0 : 1;
            }

            return down;
        }
    }

    private ulong Trailing() => _nemesisRandom.Next(0, 3) switch
    {
        0 or 1 => 0,
        2 => _nemesisRandom.NextBelow(20),
        _ => _nemesisRandom.NextBelow(500),
    };

    private void ReportSomething(SimNode node)
    {
        switch (_nemesisRandom.Next(0, 3))
        {
            case 0:
                CallNode(node.Slot, EventKind.PauseSeen, 0);
                break;
            case 1:
                CallNode(node.Slot, EventKind.EarlyTick, 0);
                break;
            default:
                CallNode(PickLeader(), EventKind.Unreachable, _nemesisRandom.NextBelow((ulong)_nodes.Count));
                break;
        }
    }

    private void CrashAtRandom(SimNode node)
    {
        if (Down < _options.DownMax)
        {
            long down = _nemesisRandom.Next(0, 9) switch
            {
                < 4 => Span(1, _t / 5),
                < 9 => Span(_t / 5, _t * 5),
                _ => Span(_t * 5, _t * 40),
            };
            if (_nemesisRandom.Chance(600))
            {
                Crash(node, down);
                return;
            }

            // With something left to lose.
            node.StalledUntil = Math.Max(node.StalledUntil, _time + _t);
            _queue.Add(_time + Span(_t / 50, _t / 2), EventKind.CrashNow, node.Slot, node.Life, (ulong)down);
        }
    }

    private void PartitionAtRandom()
    {
        _tally.Hit(FaultKind.Partition);
        _network.Uncut();
        int count = _nodes.Count;
        int one = PickUp(_nemesisRandom);
        if (_nemesisRandom.Chance(400) && _lastLeader >= 0)
        {
            one = _lastLeader;
        }

        string shape;
        switch (_nemesisRandom.Next(0, 6))
        {
            case 0:
                shape = "isolated";
                Isolate(one, inward: true, outward: true);
                break;
            case 1:
                shape = "deaf";
                Isolate(one, inward: true, outward: false);
                break;
            case 2:
                shape = "mute";
                Isolate(one, inward: false, outward: true);
                break;
            case 3:
                shape = "the bridge";
                Split(bridge: one);
                break;
            case 4:
                shape = "somewhere in a random graph";
                for (int i = 0; i < count * count / 3; i++)
                {
                    _network.Cut(_nemesisRandom.Next(0, count - 1), _nemesisRandom.Next(0, count - 1));
                }

                break;
            default:
                shape = "on one side";
                Split(bridge: -1);
                break;
        }

        Trace(one, $"is {shape}");
        HealLater(Span(_t / 2, _t * 12));
    }

    private void HealLater(long delay) => _queue.Add(_time + delay, EventKind.Heal, 0, 0, ++_partition);

    private void Isolate(int slot, bool inward, bool outward)
    {
        for (int other = 0; other < _nodes.Count; other++)
        {
            if (other != slot && inward)
            {
                _network.Cut(other, slot);
            }

            if (other != slot && outward)
            {
                _network.Cut(slot, other);
            }
        }
    }

    private void Split(int bridge)
    {
        ulong side = _nemesisRandom.NextUInt64();
        for (int one = 0; one < _nodes.Count; one++)
        {
            for (int other = 0; other < one; other++)
            {
                bool isAcross = ((side >> one) & 1) != ((side >> other) & 1);
                if (isAcross && one != bridge && other != bridge)
                {
                    _network.CutBoth(one, other);
                }
            }
        }
    }

    // Held messages come in a burst. Node after node, released in another order, is what breaks most in others' experience.
    private void ClogAtRandom(int slot)
    {
        _tally.Hit(FaultKind.Clog);
        int nodes = _nemesisRandom.Chance(300) ? _nodes.Count : 1;
        int direction = _nemesisRandom.Next(0, 2);
        Trace(slot, nodes > 1 ? "all links clog, one after another" : "its links clog");
        for (int i = 0; i < nodes; i++)
        {
            int at = nodes > 1 ? i : slot;
            for (int other = 0; other < _nodes.Count; other++)
            {
                long until = _time + Span(_t / 10, _t * 3);
                if (direction != 1)
                {
                    _network.Clog(other, at, until);
                }

                if (direction != 0)
                {
                    _network.Clog(at, other, until);
                }
            }
        }
    }

    // An operator shuts a removed node down, sooner or later or never.
    private void RetireRemoved()
    {
        if (!_nemesisRandom.Chance(100) || _lastLeader < 0 || _nodes[_lastLeader].Host is not { } host)
        {
            return;
        }

        RaftCore core = host.Core;
        if (core.Role != Role.Leader || core.Membership.IsJoint || core.MembershipIndex > core.CommitIndex)
        {
            return;
        }

        foreach (SimNode node in _nodes)
        {
            if (node.IsUp && !core.Membership.Contains(node.Id) && node.Disk.Incarnation.Value > 0 && node.Host!.Core.Log.Last.Index > LogIndex.Zero)
            {
                if (_nemesisRandom.Chance(300))
                {
                    Trace(node.Slot, "is shut down for good, removed");
                    Crash(node, -1);
                    node.IsRetired = true;
                }
                else
                {
                    _tally.Hit(Probe.RemovedNodeRunsOn);
                }
            }
        }
    }

    private long Span(long low, long high)
    {
        // Evenly over the orders of magnitude: as many short ones as long ones.
        long range = Math.Max(2, high / Math.Max(1, low));
        int doublings = System.Numerics.BitOperations.Log2((ulong)range);
        long scale = Math.Max(1, low) << _nemesisRandom.Next(0, doublings);
        return Math.Min(high, scale + (long)_nemesisRandom.NextBelow((ulong)scale));
    }
}
