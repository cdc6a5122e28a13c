using Graft.Consensus;

namespace Graft;

/// <summary>The cluster was recovered from a lost quorum without this node (docs/internals/recovery.md). It answers nobody any more: wipe its directory and let it join anew.</summary>
public sealed class SupersededException : GraftException
{
    internal SupersededException(NodeId by, Epoch own, Epoch other)
        : base($"{by} belongs to epoch {other} of the cluster, this node to {own}: the cluster was recovered from a lost quorum without it. "
            + "What it has may never be served or sent again. Wipe its data directory and let it join as a new node.") => (Own, Other) = (own, other);

    /// <summary>The epoch that this node belongs to.</summary>
    public Epoch Own { get; }

    /// <summary>The epoch of the recovered cluster, which is another.</summary>
    public Epoch Other { get; }
}
