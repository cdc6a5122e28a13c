using Graft.Consensus;

namespace Graft.Simulation.Core;

// A snapshot that the log overtakes: it has to be offered to a log that lacks its last entry, and installed into one that
// goes beyond it and doesn't know yet that it is committed. That takes four delays, each as long as the others allow.
public sealed partial class World
{
    // Appends from one node to another that are on their way until they are released.
    private readonly List<Envelope> _held = [];
    private int _heldFrom = -1;
    private int _heldTo;
    private ulong _heldNumber;

    // Entries are long on their way to a follower. The leader gives them up for lost, compacts, and offers a snapshot; then
    // they come, and the snapshot is handed in to a log that has just grown beyond it.
    private void SnapshotOvertaken(SimNode leader)
    {
        // One at a time, and the next one only once the last has missed its first moment or had its end.
        bool isBusy = _heldFrom >= 0 && !_nodes[_heldFrom].IsToSnapshotMidstream;
        if (isBusy || Follower(leader) is not { } follower)
        {
            return;
        }

        Release(_nodes[_heldTo], null);
        Trace(follower.Slot, $"gets {leader.Id}'s entries late, and its snapshot first");
        (_heldFrom, _heldTo) = (leader.Slot, follower.Slot);
        _queue.Add(_time + (_t * 3), EventKind.Release, 0, 0, ++_heldNumber);
        long gap = Math.Max(1, _options.Latency.Ticks / 2);
        long first = _time + (_t / 20);
        for (int i = 0; i < 12; i++)
        {
            _queue.Add(first + (gap * i), EventKind.ClientPropose, leader.Slot, leader.Life, 1 + ((ulong)i % 3));
        }

        if (_nemesisRandom.Chance(400))
        {
            // Where a window holds one message, only a probe carries more than one proposal.
            CountAsLost(follower, leader, first + (gap * 3));
        }

        leader.IsToSnapshotMidstream = true;
        follower.HandIn = _nemesisRandom.Next(0, 3) switch
        {
            0 => HandIn.OnceOutgrown,
            1 => HandIn.OnceApplied,
            _ => HandIn.OnceAcknowledged,
        };
        follower.HandInBy = 0;
    }

    // Its answers aren't waited for any more, and it is asked at once what it has.
    private void CountAsLost(SimNode follower, SimNode leader, long at)
    {
        _queue.Add(at, EventKind.Unreachable, leader.Slot, leader.Life, (ulong)follower.Slot);
        _queue.Add(at + 1, EventKind.ClientRead, leader.Slot, leader.Life, _ledger.HighestCommitted.Value);
    }

    private bool IsHeld(in Message message) =>
        _heldFrom >= 0 && message.Kind == MessageKind.AppendEntries && message.From.Value == (ulong)_heldFrom && message.To.Value == (ulong)_heldTo;

    // The two moments that a fetched snapshot and a growing log have to meet in.
    private void CatchMoment(SimNode node, CoreNode host)
    {
        RaftCore core = host.Core;
        if (node.IsToSnapshotMidstream && node.Slot == _heldFrom && host.State.Applied == core.CommitIndex && IsMidstream(core))
        {
            node.IsToSnapshotMidstream = false;
            _queue.Add(_time + 1, EventKind.TakeSnapshot, node.Slot, node.Life, 0);
            CountAsLost(_nodes[_heldTo], node, _time + 2);
        }

        if (node.HandInBy > 0 && node.HandIn != HandIn.OnceApplied && host.Wanted is { } wanted && ReachedBy(node, host) > wanted.Snapshot.Last.Index)
        {
            _queue.Add(_time + 1, EventKind.Fetch, node.Slot, node.Life, 0);
        }
    }

    // Something on its way goes beyond what is committed now, and will say of that only that it wasn't when it left.
    private bool IsMidstream(RaftCore core)
    {
        foreach (Envelope envelope in _held)
        {
            if (envelope.Message.Last > core.CommitIndex && envelope.Message.Commit < core.CommitIndex)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// What was held arrives. If <paramref name="image"/> is to be overtaken, first what left before it was committed; all
    /// that could tell of that comes a little later.
    /// </summary>
    private void Release(SimNode to, EntryId? image)
    {
        if (_heldFrom < 0 || to.Slot != _heldTo)
        {
            return;
        }

        long gap = Math.Max(2, _options.Latency.Ticks / 8);
        long at = _time + _network.Latency(_heldFrom, _heldTo);
        long later = at;
        if (image is not null && to.HandIn != HandIn.OnceApplied)
        {
            at += (_options.Latency.Ticks * (200 + _options.JitterPercent) / 100) + 1;
            later = at + (gap * _held.Count) + (_options.DiskLatency.Ticks * 2) + (_t / 20);
            _network.Clog(_heldFrom, _heldTo, later);
        }

        foreach (Envelope envelope in _held)
        {
            bool isFirst = image is null || envelope.Message.Commit < image.Value.Index;
            (at, later) = isFirst ? (at + gap, later) : (at, later + gap);
            _queue.Add(isFirst ? at : later, EventKind.Deliver, _heldTo, 0, _slab.Put(envelope));
        }

        _nodes[_heldFrom].IsToSnapshotMidstream = false;
        _held.Clear();
        _heldFrom = -1;
        _heldNumber++;
    }
}
