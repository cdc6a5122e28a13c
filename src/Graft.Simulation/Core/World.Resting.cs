using Graft.Consensus;

namespace Graft.Simulation.Core;

// What a host owes cores that rest: to know which of its peers live, to say so when it's asked, and to wake them when one
// falls silent, starts anew or comes back.
public sealed partial class World
{
    private readonly SeededRandom _watchRandom;

    private void FollowRest(SimNode node, CoreNode host)
    {
        (Term Term, NodeId? Leader)? rest = host.Core.IsResting ? (host.Core.Term, host.Core.Leader) : null;
        if (rest == node.RestsUnder)
        {
            return;
        }

        if (node.RestsUnder is not null && node.IsLeader)
        {
            // Its core gives whoever fell silent meanwhile the time to answer, as after a pause.
            node.PausedAt = Now(node);
        }

        node.RestsUnder = rest;
        node.WatchVersion++;
        if (rest is null)
        {
            return;
        }

        Instant now = Now(node);
        bool isLeader = host.Core.Role == Role.Leader;
        _tally.Hit(isLeader ? Probe.LeaderRested : Probe.FollowerRested);
        Array.Clear(node.Heard);
        foreach (Member member in host.Core.Membership.Members)
        {
            Reliance reliance = host.Core.RelianceOn(member.Id);
            if (reliance != Reliance.None)
            {
                // Whoever can't be heard right now is silent at the first look.
                var heard = new PeerHeard(_nodes[(int)member.Id.Value].Life, reliance == Reliance.Absent ? null : new Instant(now.Ticks - _t));
                node.Heard[(int)member.Id.Value] = heard;
                if (reliance == Reliance.Present)
                {
                    Listen(node, _nodes[(int)member.Id.Value], heard, now);
                }
            }

            if (reliance == Reliance.Absent)
            {
                _tally.Hit(Probe.RestedWithoutAMember);
            }
        }

        ScheduleWatch(node);
    }

    private void ScheduleWatch(SimNode node) => _queue.Add(_time + WatchInterval, EventKind.Watch, node.Slot, node.Life, node.WatchVersion);

    private long WatchInterval => Math.Max(1, _t / 10);

    private void Watch(SimNode node, CoreNode host, Instant now)
    {
        bool isNews = false;
        foreach (SimNode peer in _nodes)
        {
            isNews |= node.Heard[peer.Slot] is { } heard && Listen(node, peer, heard, now);
        }

        VouchForAll(node, host, now);
        if (isNews)
        {
            _tally.Hit(Probe.RestEndedByHost);
            Trace(node.Slot, "is woken");
            host.Core.Wake(now);
        }
        else
        {
            ScheduleWatch(node);
        }
    }

    // A beat between two nodes, for all of their groups. It may be lost like any message, and is followed by the next.
    // Returns whether the peer has fallen silent, come back, or started anew.
    private bool Listen(SimNode node, SimNode peer, PeerHeard heard, Instant now)
    {
        bool isHeard = peer is { IsUp: true, IsPaused: false, IsStopped: false }
            && !_network.IsCut(peer.Slot, node.Slot) && !_network.IsClogged(peer.Slot, node.Slot, _time)
            && !(_act == 1 && _watchRandom.Chance(_options.LossPerMille));
        if (!isHeard)
        {
            return heard.At is { } last && now - last >= _options.ElectionTimeout;
        }

        // What is heard now left a while ago, and its sender's silence is counted from then.
        Instant sent = node.Clock.Read(Math.Max(0, _time - _network.Latency(peer.Slot, node.Slot)));
        if (heard.Life != peer.Life || heard.At is not { } before)
        {
            return true;
        }

        node.Heard[peer.Slot] = heard with { At = Instant.Later(before, sent) };
        return false;
    }

    private static void VouchForAll(SimNode node, CoreNode host, Instant now)
    {
        for (int slot = 0; host.Core.IsResting && slot < node.Heard.Length; slot++)
        {
            if (node.Heard[slot]?.At is { } at)
            {
                host.Core.Vouch(new NodeId((ulong)slot), at, now);
            }
        }
    }
}
