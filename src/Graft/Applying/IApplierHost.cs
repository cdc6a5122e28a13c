using Graft.Consensus;

namespace Graft;

/// <summary>Whom an applier reports to. Called on the applier's turn: take note and return.</summary>
internal interface IApplierHost
{
    void Applied(ApplyWork work);

    /// <summary>It threw. Nothing is applied from here on.</summary>
    void ApplyHalted(ApplyHaltedException why);

    /// <summary>The log says where a node can be reached, or by an empty address that it is to be forgotten.</summary>
    void AddressNoted(NodeId node, string address);

    /// <summary>It met a state that can't be; it has ended.</summary>
    void ApplierFailed(Exception bug);

    void Captured(CapturedState captured);

    /// <summary>The state machine takes no snapshots.</summary>
    void CaptureRefused(NotSupportedException refusal);

    /// <summary>What was on disk is open.</summary>
    void Opened(StatePosition position);

    /// <summary>The state is at least as far as the snapshot that was to be restored.</summary>
    void Restored(EntryId snapshot, StatePosition position);

    /// <summary>The state after an entry is to be digested, beside further applying; whoever is told disposes of it.</summary>
    void DigestBegun(LogIndex entry, IStateDigest digest);

    /// <summary>The log says what a node's state came to.</summary>
    void DigestReported(DigestReport report);

    /// <summary>Something that whoever operates the node may want to know.</summary>
    void Noted(string text);
}
