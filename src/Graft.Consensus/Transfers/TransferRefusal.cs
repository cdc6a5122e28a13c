namespace Graft.Consensus;

/// <summary>Why a transfer wasn't begun. Nothing changed in any of these cases.</summary>
public enum TransferRefusal : byte
{
    /// <summary>It was begun.</summary>
    None,

    /// <summary>This node doesn't lead.</summary>
    NotLeader,

    /// <summary>The core stopped after a storage failure.</summary>
    Stopped,

    /// <summary>Another transfer is on its way, or how it ended hasn't been told yet.</summary>
    InProgress,

    /// <summary>The target is no voter that stores payloads, or its log has none.</summary>
    NotEligible,

    /// <summary>This node leads already.</summary>
    AlreadyLeader,

    /// <summary>There is no other voter to hand over to, or none has answered lately.</summary>
    NobodyEligible,
}
