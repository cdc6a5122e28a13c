using Graft.Network;
using Graft.Storage;

namespace Graft;

/// <summary>What a node is set upon. In production the machine's; in a simulation the world's, with nothing of the node exchanged.</summary>
public sealed record NodeSeams
{
    /// <summary>The node's data directory. <see cref="NodeOptions.DataDirectory"/> isn't looked at then.</summary>
    public required IDisk Disk { get; init; }

    /// <summary>Both clocks. The monotonic one has to count suspended time (<see cref="SuspendAwareTime"/>), or leases don't hold.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where all chance of the node comes from: its id at birth, election timeouts, the seeds of commands.</summary>
    public required ulong Seed { get; init; }

    /// <summary>What moves bytes between nodes.</summary>
    public required INetwork Network { get; init; }

    /// <summary>Runs everything of the node in its turns; null for the thread pool and threads of the node's own.</summary>
    public SynchronizationContext? Context { get; init; }
}
