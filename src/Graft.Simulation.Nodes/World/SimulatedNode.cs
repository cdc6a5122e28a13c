using Graft.Consensus;
using Graft.Network;
using Graft.Simulation.Disks;

namespace Graft.Simulation.Nodes;

/// <summary>A machine with a disk, and the node that runs on it now.</summary>
internal sealed class SimulatedNode(string name, SimulatedDisk disk, TimeSpan wallError)
{
    internal string Name => name;

    internal SimulatedDisk Disk => disk;

    internal NodeAddress Address { get; } = new(name, 4001);

    internal NodeState State { get; set; }

    /// <summary>The process of this life; null before the first.</summary>
    internal SimulatedProcess? Process { get; set; }

    /// <summary>The node, once it's started, until it's down.</summary>
    internal GraftNode? Node { get; set; }

    internal ListMachine? Machine { get; set; }

    /// <summary>Who it is, once it has run.</summary>
    internal NodeId? Id { get; set; }

    /// <summary>As what it joins.</summary>
    internal MemberKind Kind { get; init; }

    /// <summary>It was removed from the cluster, and has been switched off.</summary>
    internal bool IsRetired { get; set; }

    /// <summary>How far its wall clock is off, over all its lives.</summary>
    internal TimeSpan WallError { get; set; } = wallError;

    /// <summary>How often it was started.</summary>
    internal int Lives { get; set; }

    /// <summary>The node, unless it's starting, stopping or down.</summary>
    internal GraftNode? Running => State == NodeState.Running ? Node : null;
}
