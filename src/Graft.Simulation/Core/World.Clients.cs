using Graft.Consensus;

namespace Graft.Simulation.Core;

// Clients and operators: they see nodes from outside, guess who leads, and are often wrong.
public sealed partial class World
{
    private const ulong LeaseBit = 1UL << 63;

    private readonly int[] _candidates = new int[SlotsMax];

    // A node that the directed faults want to be asked.
    private int _focus = -1;
    private long _focusUntil;
    private ulong _focusNumber;

    // Until then nobody writes: a log that grows keeps everybody from winning who is cut off for a while.
    private long _quietUntil;
    private int _lastLeader = -1;

    private void CallClient()
    {
        if (_act != 1)
        {
            return;
        }

        // Only where nothing is asked for a while does anybody rest.
        long lull = _options.RestAfter is not null && _watchRandom.Chance(15) ? _t * _watchRandom.Next(2, 20) : 0;
        _queue.Add(_time + 1 + lull + Exponential(_clientRandom, _options.ClientInterval.Ticks), EventKind.Client, 0, 0, 0);
        if (_time < _quietUntil || _clientRandom.NextBelow(100) < (ulong)_options.ReadPercent)
        {
            CallRead(PickReader());
        }
        else
        {
            int count = _clientRandom.Chance(800) ? 1 : _clientRandom.Next(1, 12);
            CallNode(PickLeader(), EventKind.ClientPropose, (ulong)count);
        }
    }

    private void CallRead(int slot)
    {
        if (slot >= 0)
        {
            ulong level = _clientRandom.Chance(500) ? LeaseBit : 0;
            CallNode(slot, EventKind.ClientRead, _ledger.HighestCommitted.Value | level);
        }
    }

    private void CallNode(int slot, EventKind kind, ulong argument)
    {
        if (slot >= 0 && _nodes[slot].IsUp)
        {
            Dispatch(new SimEvent(_time, 0, kind, (byte)slot, 0, argument));
        }
    }

    private int PickLeader()
    {
        int count = 0;
        for (int slot = 0; slot < _nodes.Count; slot++)
        {
            if (_nodes[slot].IsLeader)
            {
                _candidates[count++] = slot;
            }
        }

        return count == 0 || _clientRandom.Chance(50) ? PickUp(_clientRandom) : _candidates[_clientRandom.Next(0, count - 1)];
    }

    private int PickReader() => _clientRandom.Chance(500) ? PickLeader() : PickUp(_clientRandom);

    private int PickUp(SeededRandom random)
    {
        int count = 0;
        for (int slot = 0; slot < _nodes.Count; slot++)
        {
            if (_nodes[slot].IsUp)
            {
                _candidates[count++] = slot;
            }
        }

        return count == 0 ? -1 : _candidates[random.Next(0, count - 1)];
    }

    private void Ask(SimNode node, long length)
    {
        (_focus, _focusUntil) = (node.Slot, _time + length);
        AskAgain(++_focusNumber);
    }

    private void AskAgain(ulong number)
    {
        if (number == _focusNumber && _time < _focusUntil && _act == 1)
        {
            CallRead(_focus);
            _queue.Add(_time + 1 + Exponential(_clientRandom, _t / 25), EventKind.Ask, 0, 0, number);
        }
    }

    private void ChangeMembers(SimNode node, CoreNode host, bool isTurnover, Instant now)
    {
        RaftCore core = host.Core;
        Membership current = core.Membership;
        MembershipChange change = isTurnover ? DrawTurnover(current) : MembershipChange.None;
        int edits = isTurnover ? 0 : _nemesisRandom.Chance(600) ? 1 : _nemesisRandom.Next(1, 4);
        for (int i = 0; i < edits; i++)
        {
            change = DrawEdit(current, change);
        }

        if (!IsSurvivable(current, change))
        {
            return;
        }

        LogIndex expected = _nemesisRandom.Chance(50) ? core.MembershipIndex.Next : core.MembershipIndex;
        MembershipProposal proposal = core.ProposeMembership(change, expected, now);
        if (_trace is not null)
        {
            Trace(node.Slot, $"change [{change}]: {(proposal.IsAppended ? proposal.Entry : proposal.Refusal)}");
        }

        if (proposal.IsAppended)
        {
            _tally.Hit(FaultKind.Membership);
            Violation.Unless(
                core.Log.TermAt(core.CommitIndex) == core.Term,
                "no change of members before a commit in the leader's own term",
                core.Term,
                core.CommitIndex);
        }
        else
        {
            NoteRefusal(proposal.Refusal);
        }
    }

    private void NoteRefusal(MembershipRefusal refusal)
    {
        switch (refusal)
        {
            case MembershipRefusal.ChangeInProgress:
                _tally.Hit(Probe.ChangeRefusedInProgress);
                break;
            case MembershipRefusal.NoOwnTermCommit:
                _tally.Hit(Probe.ChangeRefusedNoOwnTermCommit);
                break;
            case MembershipRefusal.IndexMismatch:
                _tally.Hit(Probe.ChangeRefusedIndexMismatch);
                break;
            case MembershipRefusal.NotCaughtUp:
                _tally.Hit(Probe.ChangeRefusedNotCaughtUp);
                break;
            case MembershipRefusal.NoVoterLeft:
                _tally.Hit(Probe.ChangeRefusedNoVoterLeft);
                break;
            case MembershipRefusal.TooManyWitnesses:
                _tally.Hit(Probe.ChangeRefusedTooManyWitnesses);
                break;
            default:
                break;
        }
    }

    private MembershipChange DrawEdit(Membership current, MembershipChange change)
    {
        // A dead machine goes first, and a fresh one comes for it: what an operator does.
        foreach (Member member in current.Members)
        {
            if (_nodes[(int)member.Id.Value].IsWiped && !IsEdited(change, member.Id))
            {
                _tally.Hit(Probe.WipedNodeReplaced);
                change = change.Remove(member.Id);
                return NewMachine(false) is { } replacement ? change.Add(replacement.Id) : change;
            }
        }

        ReadOnlySpan<Member> members = current.Members;
        if (members.Length == 0)
        {
            return change;
        }

        Member drawn = members[_nemesisRandom.Next(0, members.Length - 1)];
        if (IsEdited(change, drawn.Id))
        {
            return change;
        }

        switch (_nemesisRandom.Next(0, 9))
        {
            case 0 or 1:
                return current.IncomingVoters.Length < 9 && PickOutsider(current, change, false) is { } voter ? change.Add(voter.Id) : change;
            case 2:
                return members.Length < 11 && PickOutsider(current, change, false) is { } learner ? change.AddLearner(learner.Id) : change;
            case 3:
                return _options.Witnesses > 0 && members.Length < 9 && PickOutsider(current, change, true) is { } witness
                    ? change.AddWitness(witness.Id)
                    : change;
            case 4 or 5:
                return change.Promote(drawn.Id);
            case 6:
                return change.Demote(drawn.Id);
            default:
                return change.Remove(drawn.Id);
        }
    }

    // As many new voters as there are learners, and as many old ones gone: two quorums that share nobody, but for the joint phase.
    private MembershipChange DrawTurnover(Membership current)
    {
        MembershipChange change = MembershipChange.None;
        int promoted = 0;
        foreach (Member member in current.Members)
        {
            if (member.Role is MemberRole.Learner or MemberRole.Joining && _nodes[(int)member.Id.Value].IsUp)
            {
                change = change.Promote(member.Id);
                promoted++;
            }
        }

        if (promoted == 0)
        {
            for (int i = _nemesisRandom.Next(1, 3); i > 0 && current.Members.Length < 9; i--)
            {
                change = PickOutsider(current, change, false) is { } learner ? change.AddLearner(learner.Id) : change;
            }

            return change;
        }

        foreach (NodeId voter in current.IncomingVoters)
        {
            if (_nemesisRandom.Chance(800))
            {
                change = change.Remove(voter);
            }
        }

        return change;
    }

    private static bool IsEdited(MembershipChange change, NodeId id)
    {
        foreach (MembershipEdit edit in change.Edits)
        {
            if (edit.Node == id)
            {
                return true;
            }
        }

        return false;
    }

    // One that has been removed and runs on, or a new machine. A witness stays one: what it holds has no payloads.
    private SimNode? PickOutsider(Membership current, MembershipChange change, bool isWitness)
    {
        foreach (SimNode node in _nodes)
        {
            if (node.IsUp && node.IsWitness == isWitness && !current.Contains(node.Id) && !IsEdited(change, node.Id)
                && _nemesisRandom.Chance(700))
            {
                return node;
            }
        }

        return NewMachine(isWitness);
    }

    private SimNode? NewMachine(bool isWitness)
    {
        if (_nodes.Count >= SlotsMax)
        {
            return null;
        }

        SimNode node = AddMachine(new CoreDisk(), isWitness);

        // Some are added before they run, and some of those never do until they are needed.
        if (_nemesisRandom.Chance(800))
        {
            Start(node);
        }
        else
        {
            _queue.Add(_time + (long)_nemesisRandom.NextBelow((ulong)(_t * 20)), EventKind.Restart, node.Slot, node.Life, 0);
        }

        return node;
    }

    private static long Exponential(SeededRandom random, long mean)
    {
        // Without a logarithm, whose last bits differ between machines: how many coins fall the same way, and a fraction.
        int halves = System.Numerics.BitOperations.LeadingZeroCount(random.NextUInt64() | 1);
        long half = Math.Max(1, mean * 693 / 1000);
        return (halves * half) + (long)random.NextBelow((ulong)half);
    }
}
