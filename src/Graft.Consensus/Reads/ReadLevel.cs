namespace Graft.Consensus;

/// <summary>How a read's freshness is established (docs/internals/protocol.md).</summary>
public enum ReadLevel : byte
{
    /// <summary>By a quorum that confirms the leader after the read has begun (thesis §6.4).</summary>
    Linearizable,

    /// <summary>By the leader's lease: the same promise while clocks drift less than the bound (thesis §6.4.1).</summary>
    Lease,
}
