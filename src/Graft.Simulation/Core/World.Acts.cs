using Graft.Consensus;

namespace Graft.Simulation.Core;

// The second act: the faults stop, and the cluster has to come back by itself.
public sealed partial class World
{
    private readonly bool[] _isChosen = new bool[SlotsMax];
    private int _act = 1;

    // In the second act nothing but what the nodes draw themselves tells one from another.
    private bool _isEven;
    private bool _isOver;
    private long _actBegan;
    private long _lastProgress;
    private ulong _progress;
    private LogIndex _written;
    private (int Slot, Term Term) _settled;

    /// <summary>
    /// 1: faults. 2: a part that is enough is healed and has to elect. 3: it has to serve and settle. 4: all is healed and
    /// has to converge. 5: nothing may change any more.
    /// </summary>
    private void Act()
    {
        switch (_act)
        {
            case 1:
                BeginSecondAct();
                break;
            case 2:
                AwaitLeader();
                break;
            case 3:
                AwaitRest(isWhole: false);
                break;
            case 4:
                AwaitRest(isWhole: true);
                break;
            default:
                AwaitStability();
                break;
        }

        _queue.Add(_time + Math.Max(1, _t / 4), EventKind.Act, 0, 0, 0);
    }

    private void Enter(int act)
    {
        _act = act;
        _actBegan = _time;
        _lastProgress = _time;
        _progress = 0;
    }

    private void BeginSecondAct()
    {
        Trace(-1, "the faults stop");
        Enter(2);

        // Often in the field, never by chance: the power comes back to equal machines at the same moment. Whoever doesn't
        // draw its timeout then stands when all the others do, again and again.
        _isEven = _actRandom.Chance(250);
        _network.Calm(_isEven);
        Release(_nodes[_heldTo], null);
        foreach (SimNode node in _nodes.ToArray())
        {
            if (node.IsWiped || node.IsRetired)
            {
                continue;
            }

            // A process with a broken disk has to go, and one that sleeps wakes up.
            if (node.IsStopped || _isEven)
            {
                Crash(node, -1);
            }

            Resume(node);
            Start(node);
            node.StalledUntil = 0;
            node.Host!.IsApplyHeld = false;
            CallNode(node.Slot, EventKind.ApplyAgain, 0);
        }

        ChoosePart();
    }

    /// <summary>Draws nodes until some of them can be elected by those drawn, and does the rest some harm.</summary>
    private void ChoosePart()
    {
        Array.Clear(_isChosen);
        var order = new List<SimNode>();
        foreach (SimNode node in _nodes)
        {
            if (node.IsUp)
            {
                order.Insert(_actRandom.Next(0, order.Count), node);
            }
        }

        bool takesAll = _actRandom.Chance(250);
        bool hasWitness = false;
        List<Membership> ruling = FindRuling();
        foreach (SimNode node in order)
        {
            hasWitness |= node.IsWitness;
            _isChosen[node.Slot] = takesAll || IsJoining(node, ruling) || !HasQuorums(ruling) || !IsAnybodyElectable();
        }

        Demand(IsAnybodyElectable(), "with everything healed somebody can be elected", null);
        ChooseJoining(order);
        bool isPart = false;
        foreach (SimNode node in order)
        {
            if (_isChosen[node.Slot])
            {
                continue;
            }

            isPart = true;
            Break(node, hasWitness);
        }

        _tally.Hit(isPart ? Probe.SecondActWithPart : Probe.SecondActWithAll);
    }

    // A member that is about to become a voter belongs to the part that has to suffice: once it counts, a bare majority of the
    // others is none any more.
    private void ChooseJoining(List<SimNode> order)
    {
        foreach (SimNode node in order)
        {
            foreach (SimNode chosen in _nodes)
            {
                _isChosen[node.Slot] |= _isChosen[chosen.Slot]
                    && chosen.Host?.Core.Membership.Find(node.Id) is { Role: MemberRole.Joining };
            }
        }
    }

    // The newest configuration known to be committed, and all that any log holds above it: the one or the other will rule.
    private List<Membership> FindRuling()
    {
        LogIndex committed = LogIndex.Zero;
        foreach (SimNode node in _nodes)
        {
            if (node.Host is { Core: var core })
            {
                core.MembershipAt(core.CommitIndex, out LogIndex at);
                committed = LogIndex.Max(committed, at);
            }
        }

        var ruling = new List<Membership>();
        foreach (SimNode node in _nodes)
        {
            if (node.Host is { Core: var core } && core.MembershipIndex >= committed && !core.Membership.Members.IsEmpty && !ruling.Contains(core.Membership))
            {
                ruling.Add(core.Membership);
            }
        }

        return ruling;
    }

    // Its leader may make it a voter at any moment, and then it may be the one that is missed.
    private static bool IsJoining(SimNode node, List<Membership> ruling)
    {
        foreach (Membership membership in ruling)
        {
            if (membership.Find(node.Id) is { Role: MemberRole.Joining })
            {
                return true;
            }
        }

        return false;
    }

    private bool HasQuorums(List<Membership> ruling)
    {
        bool Counts(NodeId id) => _nodes[(int)id.Value] is { IsDamaged: false, IsUp: true } node && _isChosen[node.Slot];
        foreach (Membership membership in ruling)
        {
            if (!HasQuorum(membership.IncomingVoters, Counts) || !HasQuorum(membership.OutgoingVoters, Counts))
            {
                return false;
            }
        }

        return true;
    }

    // One that still talks could, with a witness about, lengthen the witness's log beyond every log that can lead.
    private void Break(SimNode node, bool hasWitness)
    {
        int harm = _actRandom.Next(0, hasWitness ? 1 : 3);
        Trace(node.Slot, harm switch { 0 => "stays down", 1 => "stays cut off", 2 => "stays deaf", _ => "stays mute" });
        if (harm == 0)
        {
            Crash(node, -1);
        }

        // What a node that is down has on its way is lost with it, for the same reason.
        Isolate(node.Slot, inward: harm != 3, outward: harm != 2);
    }

    private bool IsAnybodyElectable()
    {
        foreach (SimNode node in _nodes)
        {
            if (_isChosen[node.Slot] && IsElectable(node))
            {
                return true;
            }
        }

        return false;
    }

    // By the rules of voting and nothing else: who may stand, whose log is as complete, and who would count.
    private bool IsElectable(SimNode node)
    {
        if (node.Host is not { } host || node.IsWitness || node.IsDamaged)
        {
            return false;
        }

        RaftCore core = host.Core;
        LogIndex settled = core.MembershipIndex > core.CommitIndex ? core.MembershipIndex.Previous : core.CommitIndex;
        bool mayStand = core.Membership.Find(node.Id) is { IsVoter: true } || core.MembershipAt(settled, out _).Find(node.Id) is { IsVoter: true };
        EntryId last = core.Log.Last;
        bool Grants(NodeId id) =>
            _nodes[(int)id.Value] is { IsDamaged: false, Host: { } voter } other && _isChosen[other.Slot] && last.IsAtLeastAsUpToDateAs(voter.Core.Log.Last);
        return mayStand && HasQuorum(core.Membership.IncomingVoters, Grants) && HasQuorum(core.Membership.OutgoingVoters, Grants);
    }

    private SimNode? TheLeader()
    {
        SimNode? found = null;
        foreach (SimNode node in _nodes)
        {
            if (node.IsLeader && _isChosen[node.Slot] && (found is null || node.Host!.Core.Term > found.Host!.Core.Term))
            {
                found = node;
            }
        }

        return found;
    }

    private void AwaitLeader()
    {
        SimNode? leader = TheLeader();
        if (leader?.Host is not { } host)
        {
            Demand(_time - _actBegan <= 25 * _t, "a healed majority has a leader within 25 election timeouts", null);
            return;
        }

        if (host.Core.Log.TermAt(host.Core.CommitIndex) == host.Core.Term && WriteAndRead(leader, host))
        {
            Trace(leader.Slot, "leads the healed part");
            Enter(3);
            return;
        }

        FindUnrest(out ulong progress);
        DemandProgress(progress, "it commits nothing of its own term");
    }

    // A fresh write, and a read at everybody who is there.
    private bool WriteAndRead(SimNode leader, CoreNode host)
    {
        LogIndex before = host.Core.Log.Last.Index;
        CallNode(leader.Slot, EventKind.ClientPropose, 1);
        if (host.Core.Log.Last.Index == before)
        {
            return false;
        }

        _written = host.Core.Log.Last.Index;
        foreach (SimNode node in _nodes)
        {
            if (_isChosen[node.Slot])
            {
                CallRead(node.Slot);
            }
        }

        return true;
    }

    private void AwaitRest(bool isWhole)
    {
        string? unrest = FindUnrest(out ulong progress);
        if (unrest is null)
        {
            if (isWhole)
            {
                SimNode leader = TheLeader()!;
                _settled = (leader.Slot, leader.Host!.Core.Term);
                Trace(leader.Slot, "all is at rest");
                Enter(5);
            }
            else
            {
                HealAll();
            }

            return;
        }

        DemandProgress(progress, unrest);
    }

    private void DemandProgress(ulong progress, string unrest)
    {
        if (progress > _progress)
        {
            (_progress, _lastProgress) = (progress, _time);
        }

        Demand(
            _time - _lastProgress <= 40 * _t, "a healed cluster converges, and moves at least every 40 election timeouts until it has", unrest);
        Demand(_time - _actBegan <= 5000 * _t, "a healed cluster converges some time", unrest);
    }

    private void HealAll()
    {
        Trace(-1, "everything is healed");
        Enter(4);
        _network.Uncut();
        foreach (SimNode node in _nodes)
        {
            if (!node.IsWiped && !node.IsRetired)
            {
                Start(node);
                _isChosen[node.Slot] = true;
            }
        }

        if (TheLeader() is { Host: { } host } leader)
        {
            WriteAndRead(leader, host);
        }
    }

    /// <summary>What isn't at rest yet, or null; and a number that grows while things move.</summary>
    private string? FindUnrest(out ulong progress)
    {
        progress = 0;
        foreach (SimNode node in _nodes)
        {
            if (node.Host is { } up)
            {
                progress += up.Core.Term.Value + up.State.Applied.Value + up.Core.DurableIndex.Value + ((ulong)node.FetchedBytes / 1024);
            }
        }

        if (TheLeader() is not { Host: { } host } leader)
        {
            return "nobody leads";
        }

        RaftCore core = host.Core;
        if (core.Membership.IsJoint || core.CommitIndex != core.Log.Last.Index)
        {
            return $"{leader.Id} has committed {core.CommitIndex} of {core.Log.Last}, in {core.Membership}";
        }

        foreach (SimNode node in _nodes)
        {
            if (_isChosen[node.Slot] && node.Host is { } other)
            {
                // One that is no member may wait for an index that it will never be sent.
                if (core.Membership.Contains(node.Id) && FindLag(host, node, other) is { } lag)
                {
                    return lag;
                }
            }
        }

        RaftStatus status = core.Status(Now(leader));
        foreach (MemberStatus member in status.Members)
        {
            if (_isChosen[(int)member.Member.Id.Value] && (member.InFlight > 0 || member.InFlightBytes > 0))
            {
                return $"{leader.Id} has {member.InFlight} appends in flight to {member.Member.Id}";
            }
        }

        return status.ReadsPending > 0 || status.TransferTarget is not null ? $"{leader.Id} has reads or a transfer in progress" : null;
    }

    private static string? FindLag(CoreNode leader, SimNode node, CoreNode host) =>
        host.Core.CommitIndex != leader.Core.CommitIndex || host.State.Applied != leader.Core.CommitIndex
            ? $"{node.Id} has committed {host.Core.CommitIndex} and applied {host.State.Applied}, its leader {leader.Core.CommitIndex}"
            : host.Core.DurableIndex != leader.Core.Log.Last.Index || node.Disk.Pending.Count > 0
            ? $"{node.Id} has {host.Core.DurableIndex} durable and {node.Disk.Pending.Count} writes pending"
            : host.Core.IsRepairing ? $"{node.Id} repairs"
            : node.Reads.Count > 0 ? $"{node.Id} has reads in progress"
            : host.Wanted is not null ? $"{node.Id} waits for a snapshot"
            : null;

    // Removed nodes that run on, and members that came back with a higher term, may not disturb who leads now.
    private void AwaitStability()
    {
        SimNode leader = _nodes[_settled.Slot];
        Demand(leader.IsLeader && leader.Host!.Core.Term == _settled.Term, "once all is at rest nobody is deposed", _settled.Term.ToString());
        if (_time - _actBegan < 10 * _t)
        {
            return;
        }

        string? unrest = FindUnrest(out _);
        Demand(unrest is null, "what came to rest stays at rest", unrest);
        Violation.Unless(
            leader.Host!.State.Applied >= _written && leader.Host.State.Applied >= _ledger.HighestAcknowledged,
            "what was acknowledged is there in the end",
            leader.Host.State,
            (_written, _ledger.HighestAcknowledged));
        _isOver = true;
    }

    private void Demand(bool holds, string rule, string? detail)
    {
        if (!holds)
        {
            Violation.Fail($"not so: {rule}{(detail is null ? "" : $" ({detail})")}{DescribeAll()}");
        }
    }

    private string DescribeAll()
    {
        var text = new System.Text.StringBuilder();
        foreach (SimNode node in _nodes)
        {
            text.Append('\n').Append("    ");
            text.Append(node.Host is { } host
                ? $"{node.Id}{(_isChosen[node.Slot] ? "" : " (not healed)")} {host.Core.Role} {host.Core.Term} log {host.Core.Log.Last} durable {host.Core.DurableIndex} commit {host.Core.CommitIndex} applied {host.State.Applied} [{host.Core.Membership}]{(node.IsDamaged ? " damaged" : "")} {host.Core.Status(Now(node)).Explain()}"
                : $"{node.Id} {(node.IsWiped ? "destroyed" : node.IsRetired ? "retired" : "down")}, disk ends at {node.Disk.Last}");
        }

        return text.ToString();
    }
}
