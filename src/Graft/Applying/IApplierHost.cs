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

    /// <summary>The state is that of a snapshot now.</summary>
    /// <param name="snapshot">Its last entry.</param>
    /// <param name="sessionClock">Where the clock of its sessions stands.</param>
    void Restored(EntryId snapshot, long sessionClock);
}
