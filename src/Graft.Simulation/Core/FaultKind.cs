namespace Graft.Simulation.Core;

/// <summary>What may go wrong, or be asked for, in the first act. Each seed draws which of them exist and how often.</summary>
public enum FaultKind
{
    Loss,
    Duplication,
    Reordering,
    LateDelivery,
    Misdelivery,
    SlowLoad,
    LateTick,
    SlowDisk,
    Partition,
    Clog,
    Crash,
    Pause,
    DiskStall,
    StorageFailure,
    Rot,
    Wipe,
    SlowApply,
    Snapshot,
    FetchFailure,
    Membership,
    Transfer,
    Campaign,
    HostReport,
    Directed,
}
