using Graft.Consensus;

namespace Graft.Network;

/// <summary>What all messages on one connection have in common, known from the hello and not repeated in them.</summary>
internal readonly record struct MessageEnds(ClusterId Cluster, NodeId From, NodeId To, Incarnation FromIncarnation);
