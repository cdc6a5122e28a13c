using Graft.Consensus;

namespace Graft;

/// <summary>Who a node is: what its data directory was born with.</summary>
/// <param name="Cluster">The cluster that it belongs to.</param>
/// <param name="Node">Itself.</param>
public readonly record struct NodeIdentity(ClusterId Cluster, NodeId Node);
