namespace Graft.Simulation.Disks;

/// <summary>What kind of disk and file system is simulated.</summary>
public sealed class SimulatedDiskOptions
{
    /// <summary>The unit in which a write is torn: 512 or 4096.</summary>
    /// <remarks>512 by default: the smaller unit leaves more states, and includes those of the larger.</remarks>
    public int SectorBytes { get; init; } = 512;

    /// <summary>Which subsets of pending metadata a power loss can keep.</summary>
    /// <remarks>Ordered by default, as the file systems we run on are.</remarks>
    public JournalOrder Journal { get; init; } = JournalOrder.Ordered;

    /// <summary>What reads show after a failed flush.</summary>
    /// <remarks>Kept by default: it's what ext4 does, and the more treacherous.</remarks>
    public FailedFlushView FailedFlush { get; init; } = FailedFlushView.Kept;

    /// <summary>How many of the last calls are remembered for failure reports.</summary>
    /// <remarks>0 by default: text costs more than all else here.</remarks>
    public int TraceLines { get; init; }
}
