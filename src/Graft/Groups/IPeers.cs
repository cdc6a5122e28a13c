using Graft.Consensus;
using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>The other nodes, as a group sees them.</summary>
internal interface IPeers
{
    /// <summary>Sends a message and copies what it needs of the entries before it returns. A message that can't go is lost, which Raft expects.</summary>
    /// <returns>False if it's known to be lost.</returns>
    bool Send(GroupId group, in Message message, ReadOnlySpan<StoredEntry> entries);

    /// <summary>When a node was last heard, about whatever group; the distant past if it isn't connected to this one.</summary>
    Instant HeardAt(NodeId node);

    /// <summary>The life in which a node is connected to this one; unknown if it isn't.</summary>
    Incarnation LifeOf(NodeId node);

    /// <summary>This node's link to another one; null if there is none.</summary>
    LinkStatus? LinkOf(NodeId node) => null;

    /// <summary>Begins to fetch a snapshot; <see cref="GroupActor.SnapshotFetched"/> or <see cref="GroupActor.SnapshotFetchFailed"/> ends it.</summary>
    void FetchSnapshot(GroupActor group, Snapshot snapshot, NodeId from);

    /// <summary>Stops fetching.</summary>
    void AbandonSnapshot(GroupId group, EntryId last);
}
