namespace Graft.Simulation.Disks;

/// <summary>What reads show of the data that a failed flush gave up (Rebello et al., ATC'20).</summary>
public enum FailedFlushView
{
    /// <summary>The new data, though the platter lacks them: ext4 and XFS. Only a crash or an eviction brings it to light.</summary>
    Kept,

    /// <summary>What is on the platter: btrfs.</summary>
    Reverted,
}
