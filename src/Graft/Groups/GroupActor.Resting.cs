using Graft.Consensus;

namespace Graft;

/// <content>Rest: what the host owes a core that has nothing to do (docs/internals/protocol.md, "Rest").</content>
internal sealed partial class GroupActor
{
    private readonly List<NodeId> _reliesOn = [];
    private readonly Action<Instant> _wake;
    private (Term Term, NodeId? Leader)? _restsUnder;

    /// <summary>A peer that this group counts on is silent, has begun anew, or is back.</summary>
    internal void WakeUp() => Tell(_wake);

    // Before anything else of the turn: the core looks at its patience when an input comes.
    private void VouchForPeers(Instant now)
    {
        foreach (NodeId peer in _reliesOn)
        {
            _core.Vouch(peer, Instant.Earlier(_services.Peers.HeardAt(peer), now), now);
        }
    }

    private void FollowRest()
    {
        (Term, NodeId?)? rest = _core.IsResting ? (_core.Term, _core.Leader) : null;
        if (rest == _restsUnder)
        {
            return;
        }

        LeavePeers();
        _restsUnder = rest;
        if (rest is not null)
        {
            foreach (Member member in _core.Membership.Members)
            {
                Reliance reliance = _core.RelianceOn(member.Id);
                if (reliance != Reliance.None)
                {
                    _reliesOn.Add(member.Id);
                    _services.Rest.Enter(this, member.Id, reliance == Reliance.Absent, _electionTimeout);
                }
            }
        }
    }

    private void LeavePeers()
    {
        foreach (NodeId peer in _reliesOn)
        {
            _services.Rest.Leave(this, peer);
        }

        _reliesOn.Clear();
    }
}
