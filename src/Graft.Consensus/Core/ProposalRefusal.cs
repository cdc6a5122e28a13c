namespace Graft.Consensus;

/// <summary>Why a proposal wasn't appended. Nothing happened in any of these cases, and a retry is safe.</summary>
public enum ProposalRefusal : byte
{
    /// <summary>It was appended.</summary>
    None,

    /// <summary>Another node leads, or nobody does.</summary>
    NotLeader,

    /// <summary>Leadership is being handed over; wait for the outcome or ask the next leader.</summary>
    TransferInProgress,

    /// <summary>The uncommitted part of the log is at its limit; retry later.</summary>
    Overloaded,

    /// <summary>An entry exceeds <see cref="RaftOptions.EntryBytesMax"/>.</summary>
    EntryTooLarge,

    /// <summary>The core stopped after a storage failure.</summary>
    Stopped,
}
