using Graft.Consensus;

namespace Graft.Simulation.Core;

// Faults that belong together. Each is a coincidence that the field's worst bugs needed and that chance alone meets too
// rarely; all in it but the idea is still drawn.
public sealed partial class World
{
    private void Direct()
    {
        SimNode? leader = _lastLeader >= 0 && _nodes[_lastLeader].IsLeader ? _nodes[_lastLeader] : null;
        if (leader is null || leader.IsPaused)
        {
            return;
        }

        switch (_nemesisRandom.Next(0, 15))
        {
            case 0:
                SnapshotChangeRestart(leader);
                break;
            case 1:
                LagBehindSnapshot(leader);
                break;
            case 2:
                HandOverDeaf(leader);
                break;
            case 3:
                AnswersHeldThenCutOff(leader);
                break;
            case 4:
                BridgeRestarts(leader);
                break;
            case 5:
                LeaderSleepsThroughElection(leader);
                break;
            case 6:
                LeaderWritesAlone(leader);
                break;
            case 7:
                RestartAll();
                break;
            case 8:
                LeaderDiesWithFreshTail(leader);
                break;
            case 9:
                DeafWhenOthersStand(leader);
                break;
            case 10:
                AnswersAcrossRestart(leader);
                break;
            case 11:
                TurnOver(leader);
                break;
            case 12 or 14:
                SnapshotOvertaken(leader);
                break;
            case 13:
                HoldersOfLeaseRestart(leader);
                break;
            default:
                ChangeWhileCutOff(leader);
                break;
        }
    }

    private SimNode? Follower(SimNode leader)
    {
        ReadOnlySpan<Member> members = leader.Host!.Core.Membership.Members;
        int first = _nemesisRandom.Next(0, members.Length - 1);
        for (int i = 0; i < members.Length; i++)
        {
            SimNode node = _nodes[(int)members[(first + i) % members.Length].Id.Value];
            if (node != leader && node.IsUp && !node.IsPaused)
            {
                return node;
            }
        }

        return null;
    }

    private void SnapshotChangeRestart(SimNode leader)
    {
        CallNode(leader.Slot, EventKind.TakeSnapshot, Trailing());
        CallNode(leader.Slot, EventKind.ChangeMembers, 0);
        if (Follower(leader) is { } follower)
        {
            CallNode(follower.Slot, EventKind.TakeSnapshot, 0);
            if (Down < _options.DownMax)
            {
                _queue.Add(_time + Span(1, _t / 2), EventKind.CrashNow, follower.Slot, follower.Life, (ulong)Span(1, _t));
            }
        }
    }

    // One follower misses what everybody else then compacts; often it holds a tail of its own from an earlier term.
    private void LagBehindSnapshot(SimNode leader)
    {
        if (Follower(leader) is not { } follower)
        {
            return;
        }

        _network.Uncut();
        Isolate(follower.Slot, inward: true, outward: _nemesisRandom.Chance(500));
        Trace(follower.Slot, "is cut off and misses a snapshot");
        long length = Span(_t / 2, _t * 6);
        foreach (SimNode node in _nodes)
        {
            if (node != follower && node.IsUp)
            {
                _queue.Add(_time + length - 1, EventKind.TakeSnapshot, node.Slot, node.Life, 0);
            }
        }

        HealLater(length);
        if (_nemesisRandom.Chance(300))
        {
            _queue.Add(_time + length + Span(1, _t), EventKind.CrashNow, follower.Slot, follower.Life, (ulong)Span(1, _t));
        }
    }

    // The old leader hears nothing of its successor for a while, and is asked.
    private void HandOverDeaf(SimNode leader)
    {
        CallNode(leader.Slot, EventKind.Transfer, 0);
        long length = Span(_t / 4, _t * 2);
        ClogInto(leader.Slot, length);
        Ask(leader, length * 2);
    }

    // A round reaches everybody, and its answers are long on their way; they are the last that its leader hears, and the round
    // the last that the others do. A lease that is counted from the answers outlives what the others have promised.
    private void AnswersHeldThenCutOff(SimNode leader)
    {
        Trace(leader.Slot, "is answered late and then no more");
        _network.Uncut();
        long hold = _t * _nemesisRandom.Next(40, 85) / 100;
        ClogInto(leader.Slot, hold);
        CallNode(leader.Slot, EventKind.ClientRead, _ledger.HighestCommitted.Value);

        // A batch of inputs that isn't concluded yet is within so much time.
        _queue.Add(_time + (_t / 100), EventKind.Mute, leader.Slot, 0, 0);
        _queue.Add(_time + hold, EventKind.Clog, leader.Slot, 0, (ulong)(_t * 3));
        HealLater(_t * 4);
        if (_nemesisRandom.Chance(700) && Follower(leader) is { } follower)
        {
            // Nobody who keeps the promise stands earlier, and chance alone would have it stand later.
            long drift = _t * _options.DriftPerMille / 1000;
            _queue.Add(_time + _t + drift + (_options.Latency.Ticks * 3) + (_t / 50), EventKind.Campaign, follower.Slot, follower.Life, 0);
        }

        Ask(leader, _t * 3);
    }

    // Two sides that both talk to one voter, which restarts again and again.
    private void BridgeRestarts(SimNode leader)
    {
        if (Follower(leader) is not { } bridge || Down >= _options.DownMax)
        {
            return;
        }

        CutOffExcept(leader, bridge);
        HealLater(_t * 6);
        Ask(leader, _t * 6);
        Restarts(bridge, 1 + _nemesisRandom.Next(0, 3));
    }

    private void Restarts(SimNode node, int count)
    {
        // The life of the crash after next isn't known yet; zero would hit any, and a node that is down takes no harm.
        long at = _time + _t + (_t / 4);
        for (int i = 0; i < count; i++)
        {
            at += Span(_t / 20, _t);
            _queue.Add(at, EventKind.CrashNow, node.Slot, node.Life + (2 * i), (ulong)Span(1, _t / 20));
        }
    }

    // It wakes up as a leader, with answers waiting from before, and is asked in that very moment.
    private void LeaderSleepsThroughElection(SimNode leader)
    {
        Pause(leader, _t + Span(_t / 2, _t * 3));
        Ask(leader, _t * 5);
    }

    // What a cut-off leader goes on appending is truncated later, with whatever configurations are in it.
    private void LeaderWritesAlone(SimNode leader)
    {
        _network.Uncut();
        Isolate(leader.Slot, inward: true, outward: true);
        Trace(leader.Slot, "is cut off and goes on writing");
        CallNode(leader.Slot, EventKind.ClientPropose, (ulong)_nemesisRandom.Next(1, 12));
        if (_nemesisRandom.Chance(500))
        {
            CallNode(leader.Slot, EventKind.ChangeMembers, 0);
        }

        Ask(leader, _t * 3);
        HealLater(Span(_t, _t * 4));
    }

    private void RestartAll()
    {
        if (_options.DownMax < _nodes.Count)
        {
            return;
        }

        foreach (SimNode node in _nodes)
        {
            if (node.IsUp)
            {
                Crash(node, Span(1, _t));
            }
        }
    }

    // Its newest entries have reached some and not its own disk.
    private void LeaderDiesWithFreshTail(SimNode leader)
    {
        leader.StalledUntil = _time + _t;
        CallNode(leader.Slot, EventKind.ClientPropose, (ulong)_nemesisRandom.Next(1, 12));
        if (Down < _options.DownMax)
        {
            _queue.Add(_time + Span(1, _t / 4), EventKind.CrashNow, leader.Slot, leader.Life, (ulong)Span(1, _t * 3));
        }
    }

    private void ChangeWhileCutOff(SimNode leader)
    {
        CallNode(leader.Slot, EventKind.ChangeMembers, 0);
        _network.Uncut();
        Split(bridge: -1);
        Trace(leader.Slot, "changes members and the cluster falls apart");
        HealLater(Span(_t, _t * 5));
    }

    private void ClogInto(int slot, long length)
    {
        Trace(slot, "hears nothing more for a while");
        for (int other = 0; other < _nodes.Count; other++)
        {
            _network.Clog(other, slot, _time + length);
        }
    }

    // The far side stands for election just when its leader has become deaf: whoever votes now breaks a promise.
    private void DeafWhenOthersStand(SimNode leader)
    {
        if (Follower(leader) is not { } bridge)
        {
            return;
        }

        CutOffExcept(leader, bridge);
        HealLater(_t * 3);
        _quietUntil = _time + (_t * 3);
        _queue.Add(_time + (_t * 8 / 10) + Span(_t / 20, _t / 2), EventKind.Clog, leader.Slot, 0, (ulong)_t);
        Ask(leader, _t * 3);
    }

    // One voter is cut off from its leader and stands again and again; the others, which hold the leader's lease, all restart.
    private void HoldersOfLeaseRestart(SimNode leader)
    {
        if (Follower(leader) is not { } outsider)
        {
            return;
        }

        Trace(outsider.Slot, $"is cut off from {leader.Id}, whose other followers will restart");
        _network.Uncut();
        _queue.Add(_time + (_t / 4), EventKind.Cut, leader.Slot, 0, (ulong)outsider.Slot);
        HealLater(_t * 5);
        _quietUntil = _time + (_t * 5);
        long at = _time + (_t * 3 / 2) + Span(_t / 8, _t * 3 / 2);
        _queue.Add(at, EventKind.Clog, leader.Slot, 0, (ulong)_t);
        foreach (SimNode node in _nodes)
        {
            if (node.IsUp && node != leader && node != outsider)
            {
                _queue.Add(at + Span(1, _t / 20), EventKind.CrashNow, node.Slot, node.Life, (ulong)Span(1, _t / 20));
            }
        }

        Ask(leader, _t * 5);
    }

    // An answer from before a restart comes after it, when the same question has a new meaning.
    private void AnswersAcrossRestart(SimNode leader)
    {
        if (Follower(leader) is not { } follower || Down >= _options.DownMax)
        {
            return;
        }

        Ask(follower, _t * 2);
        ClogInto(follower.Slot, Span(_t / 10, _t * 3 / 4));
        _queue.Add(_time + Span(_t / 50, _t / 5), EventKind.CrashNow, follower.Slot, follower.Life, (ulong)Span(1, _t / 20));
    }

    // Old and new voters share nobody, and lose sight of each other in the middle; often the leader loses the change itself.
    private void TurnOver(SimNode leader)
    {
        CallNode(leader.Slot, EventKind.ChangeMembers, 1);
        if (!leader.IsUp || !leader.Host!.Core.Membership.IsJoint)
        {
            return;
        }

        Membership joint = leader.Host.Core.Membership;
        if (_nemesisRandom.Chance(600) && Down < _options.DownMax)
        {
            leader.StalledUntil = _time + _t;
            _queue.Add(_time + Span(_options.Latency.Ticks, _t / 4), EventKind.CrashNow, leader.Slot, leader.Life, (ulong)Span(1, _t));
        }

        // The new voters are to know of it, and the old ones not: so the old ones become deaf at once, and all fall apart soon.
        _network.Uncut();
        foreach (NodeId voter in joint.OutgoingVoters)
        {
            foreach (NodeId other in joint.IncomingVoters)
            {
                if (voter != other && voter != leader.Id)
                {
                    _network.CutBoth((int)voter.Value, (int)other.Value);
                }
            }

            if (voter != leader.Id)
            {
                _network.Cut(leader.Slot, (int)voter.Value);
            }
        }

        Trace(leader.Slot, "turns its voters over, and they part");
        HealLater(Span(_t * 2, _t * 8));
    }

    private void CutOffExcept(SimNode node, SimNode bridge)
    {
        Trace(bridge.Slot, $"alone sees {node.Id} and the others");
        _network.Uncut();
        for (int other = 0; other < _nodes.Count; other++)
        {
            if (other != node.Slot && other != bridge.Slot)
            {
                _network.CutBoth(node.Slot, other);
            }
        }
    }
}
