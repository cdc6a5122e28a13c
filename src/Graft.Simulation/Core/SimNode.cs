using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>A machine of the world: a disk that outlives its processes, a clock, and at most one process.</summary>
internal sealed class SimNode(int slot, CoreDisk disk, bool isWitness)
{
    internal int Slot { get; } = slot;

    internal NodeId Id { get; } = new((ulong)slot);

    internal CoreDisk Disk { get; } = disk;

    internal bool IsWitness { get; } = isWitness;

    /// <summary>The process; null while it is down.</summary>
    internal CoreNode? Host { get; set; }

    internal StepInvariants? Invariants { get; set; }

    internal NodeClock Clock { get; set; }

    /// <summary>Rises with each start and each crash: what was scheduled for another life doesn't happen.</summary>
    internal int Life { get; set; } = 1;

    /// <summary>Its disk is gone for good, and with it its identity.</summary>
    internal bool IsWiped { get; set; }

    /// <summary>Removed and shut down.</summary>
    internal bool IsRetired { get; set; }

    /// <summary>Where the configuration stands that made it a member without a vote; it isn't to vote before it has that.</summary>
    internal LogIndex BroughtInAt { get; set; }

    /// <summary>Its process stands still until a <see cref="EventKind.Resume"/>.</summary>
    internal bool IsPaused { get; set; }

    /// <summary>What came in during a pause.</summary>
    internal List<SimEvent> Backlog { get; } = [];

    /// <summary>When the scheduled tick happens, and which of the scheduled ones counts.</summary>
    internal long TickAt { get; set; } = long.MaxValue;

    internal ulong TickVersion { get; set; }

    internal Instant TickFor { get; set; }

    internal bool IsTurnDue { get; set; }

    internal long StalledUntil { get; set; }

    /// <summary>The last persist order whose completion is scheduled.</summary>
    internal ulong Ordered { get; set; }

    internal long DiskFreeAt { get; set; }

    /// <summary>Reads in progress, by id.</summary>
    internal Dictionary<ulong, OpenRead> Reads { get; } = [];

    /// <summary>Proposed here in this life and not yet applied, oldest first.</summary>
    internal Queue<EntryId> Proposals { get; } = new();

    /// <summary>When the transfer begun here has to have ended, by the node's clock; Never if there is none.</summary>
    internal Instant TransferEndsBy { get; set; } = Instant.Never;

    internal bool HasOpenTransfer { get; set; }

    /// <summary>Begun since the last Turn: an end that this Turn tells of is an earlier one's.</summary>
    internal bool IsTransferNew { get; set; }

    internal EntryId? Fetching { get; set; }

    internal long FetchedBytes { get; set; }

    /// <summary>What the next snapshot that it has fetched waits for before its core gets it, though not for ever.</summary>
    internal HandIn HandIn { get; set; }

    /// <summary>Until when it waits for that; 0 if there is no such snapshot yet.</summary>
    internal long HandInBy { get; set; }

    /// <summary>Takes a snapshot as soon as it commits something while more of it is on its way already.</summary>
    internal bool IsToSnapshotMidstream { get; set; }

    /// <summary>What this life has told a leader of <see cref="AcknowledgedIn"/> to be durable here.</summary>
    internal LogIndex Acknowledged { get; set; }

    internal Term AcknowledgedIn { get; set; }

    internal LogIndex LedMembershipIndex { get; set; }

    /// <summary>When its leadership last had a reason not to doubt its quorum for a while, by its clock.</summary>
    internal Instant PausedAt { get; set; } = Instant.DistantPast;

    internal bool IsStopped { get; set; }

    /// <summary>The leadership under which its core rests, as of the last Turn; null if it doesn't.</summary>
    internal (Term Term, NodeId? Leader)? RestsUnder { get; set; }

    internal ulong WatchVersion { get; set; }

    /// <summary>The peers that the resting core relies on, by slot.</summary>
    internal PeerHeard?[] Heard { get; } = new PeerHeard?[World.SlotsMax];

    internal bool IsRepairing { get; set; }

    internal bool IsStandingForTransfer { get; set; }

    internal LogIndex KnownCommit { get; set; }

    internal bool WasLeader { get; set; }

    /// <summary>Refusals of this leader's appends in a row, by the follower's slot, in <see cref="RefusalsTerm"/>.</summary>
    internal int[] Refusals { get; } = new int[World.SlotsMax];

    internal Term RefusalsTerm { get; set; }

    internal bool IsUp => Host is not null;

    internal bool IsDamaged => Disk.Lost is not null;

    internal bool IsLeader => Host?.Core.Role == Role.Leader;
}
