using Graft.Consensus;

namespace Graft;

/// <summary>Whose state a state machine keeps: told to it before anything else.</summary>
/// <param name="Cluster">The cluster that the node belongs to.</param>
/// <param name="Node">The node.</param>
/// <param name="Group">The group. A node may be in many, each with a state machine of its own.</param>
public sealed record MachineContext(ClusterId Cluster, NodeId Node, GroupId Group);
