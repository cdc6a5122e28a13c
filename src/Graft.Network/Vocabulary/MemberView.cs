using Graft.Consensus;

namespace Graft;

/// <summary>One member as its leader sees it.</summary>
public sealed record MemberView
{
    /// <summary>Who it is, and as what it belongs to the group.</summary>
    public required Member Member { get; init; }

    /// <summary>Where it said that it can be reached; empty if it never did.</summary>
    public required string Address { get; init; }

    /// <summary>How far it is on its way to the end of the log.</summary>
    public required CatchUpPhase Phase { get; init; }

    /// <summary>Durable there and equal to the leader's log, up to here.</summary>
    public required LogIndex Match { get; init; }

    /// <summary>How many entries of the leader's log it lacks.</summary>
    public required ulong Lag { get; init; }

    /// <summary>How long it hasn't answered; zero of the leader itself. In whole milliseconds.</summary>
    public required TimeSpan SilentFor { get; init; }

    /// <summary>Whether it has answered within the last election timeout.</summary>
    public required bool IsReachable { get; init; }

    /// <summary>While it fetches a snapshot: how many bytes of it are there.</summary>
    public long SnapshotBytes { get; init; }

    /// <summary>... and how many there will be; zero if it fetches none.</summary>
    public long SnapshotTotal { get; init; }

    /// <summary>The member's id.</summary>
    public NodeId Node => Member.Id;
}
