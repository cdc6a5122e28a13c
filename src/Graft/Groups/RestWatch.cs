using Graft.Consensus;

namespace Graft;

/// <summary>Looks after the peers that resting groups rely on, for all groups of a node at once.</summary>
/// <remarks>
/// A group that rests has no timer of its own. What it would have learned from beats is learned here, once per peer and beat: that the
/// peer lives, has fallen silent for an election timeout, has begun a new life, or was gone and is back. Each of the last three wakes
/// every group that counts on it. While no group rests there is no timer here either.
/// </remarks>
internal sealed class RestWatch : Actor, IDeadline
{
    /// <summary>How often the nodes ping each other, and how often it's looked whether they did, in election timeouts.</summary>
    /// <remarks>What an idle node costs is its pings, nearly all of it. A peer that falls silent is found out after 1.4 election timeouts at most.</remarks>
    internal const double Beat = 0.375;

    private readonly NodeClock _clock;
    private readonly DeadlineQueue _deadlines;
    private readonly IPeers _peers;
    private readonly Lock _gate = new();
    private readonly SortedDictionary<NodeId, RestingOn> _watched = [];
    private readonly List<GroupActor> _woken = [];

    internal RestWatch(NodeScheduler scheduler, INodeFailure failure, NodeClock clock, DeadlineQueue deadlines, IPeers peers)
        : base(scheduler, failure) => (_clock, _deadlines, _peers) = (clock, deadlines, peers);

    Instant IDeadline.QueuedFor { get; set; } = Instant.Never;

    void IDeadline.OnDeadline() => Ask();

    /// <summary>A group counts on a peer from here on, until it says <see cref="Leave"/>.</summary>
    /// <param name="group">The group. It may call again; the last word counts.</param>
    /// <param name="peer">The peer.</param>
    /// <param name="isGone">It was gone when the rest began: only its return is of interest.</param>
    /// <param name="patience">How long it may be silent.</param>
    internal void Enter(GroupActor group, NodeId peer, bool isGone, TimeSpan patience)
    {
        Instant now = _clock.Now;
        lock (_gate)
        {
            if (!_watched.TryGetValue(peer, out RestingOn? watched))
            {
                watched = new RestingOn(_peers.LifeOf(peer));
                _watched.Add(peer, watched);
            }

            watched.Remove(group);
            (isGone ? watched.Absent : watched.Present).Add(group);
            watched.Patience = patience;
        }

        _deadlines.Set(this, now + (patience * Beat));
    }

    /// <summary>A group doesn't count on a peer any more.</summary>
    internal void Leave(GroupActor group, NodeId peer)
    {
        lock (_gate)
        {
            if (_watched.TryGetValue(peer, out RestingOn? watched))
            {
                watched.Remove(group);
                if (watched.IsEmpty)
                {
                    _watched.Remove(peer);
                }
            }
        }
    }

    private protected override void RunTurn()
    {
        Instant now = _clock.Now;
        Instant next = Instant.Never;
        lock (_gate)
        {
            foreach ((NodeId peer, RestingOn watched) in _watched)
            {
                Look(peer, watched, now);
                next = watched.IsEmpty ? next : Instant.Earlier(next, now + (watched.Patience * Beat));
            }
        }

        // Outside of the lock: a group that wakes leaves.
        foreach (GroupActor group in _woken)
        {
            group.WakeUp();
        }

        _woken.Clear();
        if (next != Instant.Never)
        {
            _deadlines.Set(this, next);
        }
    }

    private void Look(NodeId peer, RestingOn watched, Instant now)
    {
        Incarnation life = _peers.LifeOf(peer);
        Instant heardAt = _peers.HeardAt(peer);
        bool isHeard = now - heardAt < watched.Patience;
        bool isAnew = life != Incarnation.Unknown && life != watched.Life;
        if (isAnew || !isHeard)
        {
            Wake(watched.Present);
        }

        if (isAnew || isHeard)
        {
            Wake(watched.Absent);
        }

        watched.Life = life != Incarnation.Unknown ? life : watched.Life;
    }

    private void Wake(HashSet<GroupActor> groups)
    {
        _woken.AddRange(groups);
        groups.Clear();
    }
}
