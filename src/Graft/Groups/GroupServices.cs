using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>What the groups of a node share.</summary>
internal sealed record GroupServices
{
    internal required NodeScheduler Scheduler { get; init; }

    internal required INodeFailure Failure { get; init; }

    internal required NodeClock Clock { get; init; }

    internal required DeadlineQueue Deadlines { get; init; }

    /// <summary>For reading; writing goes through <see cref="Queue"/>.</summary>
    internal required WriteAheadLog Log { get; init; }

    internal required ILogQueue Queue { get; init; }

    /// <summary>Times the flushes of the log.</summary>
    internal required FlushWatch Flushes { get; init; }

    internal required NodeMeters Meters { get; init; }

    /// <summary>Writes lines into the host's log; null if there is none.</summary>
    internal NodeEvents? Events { get; init; }

    internal required SnapshotStore Snapshots { get; init; }

    /// <summary>For reading old entries and opening snapshots: short work that somebody waits for.</summary>
    internal required DiskLane Lane { get; init; }

    /// <summary>For writing snapshots, where the application's code runs too: any of them may take long.</summary>
    internal required DiskLane SnapshotLane { get; init; }

    internal EntryLoads Loads { get; } = new();

    /// <summary>For digests of states, which may keep a thread busy for long.</summary>
    internal required DiskLane DigestLane { get; init; }

    internal required IPeers Peers { get; init; }

    /// <summary>Watches over groups that rest.</summary>
    internal required RestWatch Rest { get; init; }

    /// <summary>Passes a write on to whoever leads; null if nothing is passed on.</summary>
    internal Action<GroupActor, PendingWrite>? Forward { get; init; }

    /// <summary>Told that this node was removed from a group.</summary>
    internal Action<Removal>? Removed { get; init; }

    /// <summary>Told that a group here is of a later epoch than before.</summary>
    internal Action? EpochRisen { get; init; }

    /// <summary>Told where nodes can be reached, as the log says; an empty address is one that is forgotten.</summary>
    internal Action<NodeId, string>? AddressLearned { get; init; }
}
