namespace Graft.Consensus;

/// <summary>One leadership: all that a leader keeps, and nothing that outlives it.</summary>
internal sealed class LeaderState
{
    internal LeaderState(RaftOptions options, LogIndex lastBefore, Instant now)
    {
        FirstIndex = lastBefore.Next;
        Sizes = new RecentSizes((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, options.UncommittedEntriesMax + 1)), lastBefore);
        HeartbeatAt = now;
        BusyAt = now;
        QuorumCheckFrom = now + options.ElectionTimeout;
    }

    /// <summary>Where this term's no-op stands: nothing below it is committed by counting (thesis §3.6.2).</summary>
    internal LogIndex FirstIndex { get; }

    internal ProgressTracker Tracker { get; } = new();

    internal Progress? Self { get; set; }

    internal Rounds Rounds { get; } = new();

    internal RecentSizes Sizes { get; }

    internal Instant HeartbeatAt { get; set; }

    /// <summary>A newly won or just resumed leadership gives its followers the time to answer before it doubts itself.</summary>
    internal Instant QuorumCheckFrom { get; set; }

    /// <summary>The last contact with a quorum that a pause has excused the silence since.</summary>
    internal Instant ExcusedContact { get; set; } = Instant.DistantPast;

    /// <summary>When the commit index has to be told to followers whom no append has told it; Never if all know.</summary>
    internal Instant NoticeAt { get; set; } = Instant.Never;

    /// <summary>Only rounds from this one on carry a lease: raised after a pause.</summary>
    internal ulong LeaseFromRound { get; set; } = 1;

    /// <summary>Given up for the rest of the term, since a TimeoutNow has left (thesis §3.10 and §6.4.1).</summary>
    internal bool IsLeaseRevoked { get; set; }

    internal Transfer? Transfer { get; set; }

    /// <summary>When there was last anything to do.</summary>
    internal Instant BusyAt { get; set; }

    /// <summary>The newest round if it asked the followers to rest and nothing has come in between; else 0.</summary>
    internal ulong RestRound { get; set; }

    /// <summary>Some member waits to be made a voter.</summary>
    internal bool HasJoining { get; set; }

    /// <summary>The newest configuration, until it is committed and what follows from that has been done.</summary>
    internal LogIndex? OpenMembership { get; set; }

    /// <summary>A configuration without this leader as voter is committed; it leaves once its followers have been told.</summary>
    internal bool IsAbdicating { get; set; }
}
