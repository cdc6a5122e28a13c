using Graft.Consensus;

namespace Graft.Simulation.Core;

// Disks that answer late, in any order, or not for a while; and snapshots on their way from one to another.
public sealed partial class World
{
    private const long ImageBytes = 1 << 16;

    private void ScheduleWrite(SimNode node, in PersistOrder order)
    {
        node.Ordered = order.Sequence;
        long most = Math.Max(2, _act == 1 ? _options.DiskLatency.Ticks : Math.Min(_options.DiskLatency.Ticks, _t / 50));
        long latency = _isEven ? most : 1 + (long)_diskRandom.NextBelow((ulong)most);
        if (_act == 1 && _options.WeightOf(FaultKind.DiskStall) > 0 && _diskRandom.Chance(5))
        {
            latency += (long)_diskRandom.NextBelow((ulong)_t);
            _tally.Hit(FaultKind.SlowDisk);
        }

        long at = _time + latency;
        if (!_options.IsDiskReordering)
        {
            at = Math.Max(at, node.DiskFreeAt + 1);
            node.DiskFreeAt = at;
        }

        if (_trace is not null)
        {
            Trace(node.Slot, order.ToString());
        }

        _queue.Add(at, EventKind.DiskDone, node.Slot, node.Life, order.Sequence);
    }

    private bool CompleteWrite(SimNode node, CoreNode host, ulong sequence, Instant now)
    {
        if (node.StalledUntil > _time)
        {
            _queue.Add(node.StalledUntil + 1, EventKind.DiskDone, node.Slot, node.Life, sequence);
            return false;
        }

        int position = 0;
        while (node.Disk.Pending[position].Order.Sequence != sequence)
        {
            position++;
        }

        DiskWrite write = node.Disk.Pending[position];
        if (position > 0)
        {
            _tally.Hit(Probe.ReceiptOutOfOrder);
        }

        if (write.Order.HasEntries && !host.Core.Log.Contains(write.Order.Last))
        {
            _tally.Hit(Probe.ReceiptAfterTruncation);
        }

        if (_trace is not null)
        {
            Trace(node.Slot, $"durable #{sequence}");
        }

        host.CompleteWrite(position, now);
        return true;
    }

    private void BeginFetch(SimNode node, EntryId image)
    {
        node.Fetching = image;
        node.FetchedBytes = 0;
        _queue.Add(_time + FetchDelay(), EventKind.Fetch, node.Slot, node.Life, image.Index.Value);
    }

    private long FetchDelay() => 1 + _options.Latency.Ticks + (long)_hostRandom.NextBelow((ulong)Math.Max(1, _t / 10));

    // A piece at a time, from whoever has that image and can be reached; what has come stays while nobody can.
    private bool Fetch(SimNode node, CoreNode host, Instant now)
    {
        if (host.Wanted is not { } wanted)
        {
            node.Fetching = null;
            return false;
        }

        EntryId image = wanted.Snapshot.Last;
        if (node.Fetching != image)
        {
            BeginFetch(node, image);
            return false;
        }

        SimNode? source = FindSource(node, wanted.Snapshot, wanted.From);
        bool isFailing = _act == 1 && _hostRandom.Chance(_options.FetchFailurePerMille);
        if (source is null || isFailing)
        {
            _tally.Hit(FaultKind.FetchFailure);
            if (source is not null || _hostRandom.Chance(200))
            {
                Trace(node.Slot, $"gives the snapshot {image} up");
                _tally.Hit(Probe.SnapshotFetchFailed);
                node.Fetching = null;
                host.FailSnapshot(now);
                return true;
            }

            if (node.FetchedBytes > 0)
            {
                _tally.Hit(Probe.SnapshotFetchResumed);
            }

            _queue.Add(_time + FetchDelay() + (_t / 5), EventKind.Fetch, node.Slot, node.Life, 0);
            return false;
        }

        if (source.Id != wanted.From)
        {
            _tally.Hit(Probe.SnapshotFromAnother);
        }

        node.FetchedBytes += 1 + (long)_hostRandom.NextBelow((ulong)ImageBytes);
        if (node.FetchedBytes < ImageBytes)
        {
            host.Core.SnapshotProgress(image, node.FetchedBytes, now);
            _queue.Add(_time + FetchDelay(), EventKind.Fetch, node.Slot, node.Life, 0);
            return true;
        }

        if (_act == 1 && IsHandedInLater(node, host, image))
        {
            _queue.Add(_time + 1 + Math.Max(1, _options.Latency.Ticks / 4), EventKind.Fetch, node.Slot, node.Life, 0);
            return false;
        }

        Trace(node.Slot, $"has the snapshot {image} from {source.Id}");
        _tally.Hit(Probe.SnapshotFetched);
        node.Fetching = null;
        if (!host.ReceiveSnapshot(source.Disk.Snapshot!, now))
        {
            _tally.Hit(Probe.SnapshotUnwantedInTheEnd);
        }

        return true;
    }

    // Whole, but not given to the core yet.
    private bool IsHandedInLater(SimNode node, CoreNode host, EntryId image)
    {
        if (node.HandIn == HandIn.AtOnce)
        {
            return false;
        }

        if (node.HandInBy == 0)
        {
            node.HandInBy = _time + (_t * 3);
            Release(node, image);
        }

        if (_time < node.HandInBy && ReachedBy(node, host) <= image.Index)
        {
            return true;
        }

        if (node.HandIn == HandIn.OnceApplied)
        {
            // A core that still wanted the older one now would go back. It doesn't: it has called the fetch off.
            host.TakeSnapshot(0, Now(node));
        }

        (node.HandIn, node.HandInBy) = (HandIn.AtOnce, 0);
        return false;
    }

    private static LogIndex ReachedBy(SimNode node, CoreNode host) => node.HandIn switch
    {
        HandIn.OnceOutgrown => host.Core.Log.Last.Index,
        HandIn.OnceAcknowledged => host.Core.DurableIndex,
        _ => host.State.Applied,
    };

    private SimNode? FindSource(SimNode node, Snapshot wanted, NodeId from)
    {
        SimNode? found = null;
        foreach (SimNode other in _nodes)
        {
            bool holds = other != node && other.IsUp && !other.IsPaused
                && other.Disk.Snapshot is { } image && image.Snapshot.Last == wanted.Last
                && (!other.IsWitness || node.IsWitness)
                && !_network.IsCut(other.Slot, node.Slot) && !_network.IsCut(node.Slot, other.Slot);
            if (holds && (found is null || other.Id == from || _hostRandom.Chance(300)))
            {
                found = other;
            }
        }

        return found;
    }
}
