using Graft.Simulation.Core;

namespace Graft.Consensus.Tests;

/// <summary>One node of the lab: a disk that outlives crashes, a clock, and while it is up a hosted core.</summary>
internal sealed class LabNode
{
    internal LabNode(ulong id, CoreDisk disk, Instant now)
    {
        Clock.Set(now, now);
        Id = new NodeId(id);
        Disk = disk;
    }

    internal NodeId Id { get; }

    internal CoreDisk Disk { get; }

    internal LabClock Clock { get; } = new();

    /// <summary>Null while the node is down.</summary>
    internal CoreNode? Host { get; set; }

    internal bool IsUp => Host is not null;

    /// <summary>The process stands still: it neither ticks nor receives. What is sent to it waits.</summary>
    internal bool IsPaused { get; set; }

    /// <summary>The disk accepts writes and completes none.</summary>
    internal bool IsDiskStalled { get; set; }

    internal RaftCore Core => Host!.Core;

    internal Role Role => Core.Role;

    internal Term Term => Core.Term;

    internal NodeId? VotedFor => Core.VotedFor;

    internal NodeId? Leader => Core.Leader;

    internal LogIndex Commit => Core.CommitIndex;

    internal EntryId Last => Core.Log.Last;

    internal Membership Membership => Core.Membership;

    internal StateImage State => Host!.State;

    /// <summary>The payload in memory at <paramref name="index"/>, or null.</summary>
    internal ulong? Payload(ulong index) => Host!.Find(new LogIndex(index))?.Payload;
}
