using Graft.Consensus;

namespace Graft.Simulation.Core;

// The fault atlas: what may be damaged for good so that the rest can still make it good. Beyond it the cluster would be
// right to stand still or to have lost data, and nothing could be asked of it.
public sealed partial class World
{
    /// <summary>
    /// Whether this disk may lose something: every other machine that counts is up and undamaged, and in every
    /// configuration that may rule, a quorum without this one holds all that this disk holds.
    /// </summary>
    private bool MayDamage(SimNode victim)
    {
        foreach (SimNode node in _nodes)
        {
            if (node != victim && !node.IsRetired && !node.IsWiped && (!node.IsUp || node.IsDamaged || node.IsStopped))
            {
                return false;
            }
        }

        if (victim.IsDamaged)
        {
            return false;
        }

        foreach (SimNode node in _nodes)
        {
            if (node.Host is { } host && !IsCoveredWithout(victim, host.Core.Membership))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsCoveredWithout(SimNode victim, Membership membership)
    {
        if (!membership.Contains(victim.Id))
        {
            return true;
        }

        // Payloads have to be somewhere too: a quorum that counts witnesses isn't a quorum of copies.
        int fullCopies = 0;
        foreach (Member member in membership.Members)
        {
            fullCopies += member.IsVoter && !member.IsWitness && Covers(victim, member.Id) ? 1 : 0;
        }

        return fullCopies >= 2
            && HasQuorum(membership.IncomingVoters, id => Covers(victim, id))
            && HasQuorum(membership.OutgoingVoters, id => Covers(victim, id));
    }

    private bool Covers(SimNode victim, NodeId id)
    {
        SimNode other = _nodes[(int)id.Value];
        EntryId last = victim.Disk.Last;
        if (other == victim || other.IsWiped || other.IsDamaged || other.Host is not { } host)
        {
            return false;
        }

        return other.Disk.Last.Index >= last.Index
            && (last.Index <= other.Disk.LogStart.Index || other.Disk.Find(last.Index)?.Id == last)
            && host.Core.DurableIndex >= last.Index;
    }

    private static bool HasQuorum(ReadOnlySpan<NodeId> voters, Func<NodeId, bool> counts)
    {
        int count = 0;
        foreach (NodeId voter in voters)
        {
            count += counts(voter) ? 1 : 0;
        }

        return count >= new MajorityQuorum(voters.Length).Size || voters.Length == 0;
    }

    private void RotAtRandom(SimNode node)
    {
        if (node.IsStopped || node.IsPaused || !MayDamage(node))
        {
            return;
        }

        // What is in memory alone doesn't rot; the crash loses it first, which the others' copies cover as well.
        Crash(node, -1);
        CoreDisk disk = node.Disk;
        ulong held = disk.Last.Index - disk.LogStart.Index;
        if (held > 0)
        {
            ulong lost = 1 + _nemesisRandom.NextBelow(_nemesisRandom.Chance(500) ? Math.Min(held, 5) : held);
            bool isMarkKnown = _nemesisRandom.Chance(500);
            Trace(node.Slot, $"the last {lost} entries of its log have rotted{(isMarkKnown ? "" : ", and the mark of what it acknowledged")}");
            disk.Rot(new LogIndex(disk.Last.Index.Value - lost), isMarkKnown);
            _tally.Hit(FaultKind.Rot);
        }

        _queue.Add(_time + 1 + Span(_t / 10, _t * 2), EventKind.Restart, node.Slot, node.Life, 0);
    }

    private void WipeAtRandom(SimNode node)
    {
        foreach (SimNode other in _nodes)
        {
            // One dead voter at a time: the next only once its place is taken.
            if (other.IsWiped && IsAnywhereMember(other.Id))
            {
                return;
            }
        }

        if (node.IsStopped || node.IsPaused || _nodes.Count >= SlotsMax - 2 || !MayDamage(node))
        {
            return;
        }

        Crash(node, -1);
        Trace(node.Slot, "is destroyed with its disk");
        _tally.Hit(FaultKind.Wipe);
        node.IsWiped = true;
        CallNode(PickLeader(), EventKind.ChangeMembers, 0);
    }

    private bool IsAnywhereMember(NodeId id)
    {
        foreach (SimNode node in _nodes)
        {
            if (node.Host is { } host && host.Core.Membership.Contains(id))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether both halves of the change keep a quorum of machines that exist. An operator looks before he asks.</summary>
    private bool IsSurvivable(Membership current, MembershipChange change)
    {
        if (current.IsJoint || current.TryChange(change, out Membership next) != MembershipRefusal.None)
        {
            // It will be refused, and that is worth asking for too.
            return true;
        }

        return HasQuorum(next.IncomingVoters, IsRecoverable) && HasQuorum(next.OutgoingVoters, IsRecoverable);
    }

    private bool IsRecoverable(NodeId id)
    {
        SimNode node = _nodes[(int)id.Value];
        return !node.IsWiped && !node.IsRetired && !node.IsDamaged;
    }
}
