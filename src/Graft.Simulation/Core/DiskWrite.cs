using Graft.Consensus;

namespace Graft.Simulation.Core;

/// <summary>An order with its payloads, on its way to the platter.</summary>
public sealed class DiskWrite
{
    internal DiskWrite(PersistOrder order, LogEntry[] entries, SnapshotImage? install)
    {
        Order = order;
        Entries = entries;
        Install = install;
    }

    public PersistOrder Order { get; }

    public LogEntry[] Entries { get; }

    public SnapshotImage? Install { get; }

    /// <summary>Its receipt has been given; it may still be lost if an earlier write isn't on the platter.</summary>
    public bool IsDone { get; internal set; }
}
