using Graft.Consensus;

namespace Graft.Network;

/// <summary>What the node has to say about those who connect to it.</summary>
public interface IHelloPolicy
{
    /// <summary>The cluster that this node belongs to; zero until it knows one. Asked at each hello and each dial.</summary>
    ClusterId Cluster { get; }

    /// <summary>The epoch of this node's configurations; none until it has one. Asked at each dial.</summary>
    Epoch Epoch => Epoch.None;

    /// <summary>
    /// Judges a hello. Versions, the expected node, self-connections and the clusters of those who name one were compared before
    /// (<see cref="HelloRules"/>); the host decides the rest: who may connect without a cluster, by which certificate, and whether it is ready.
    /// </summary>
    /// <param name="hello">What the other side says.</param>
    /// <param name="peerNames">The names in its certificate; empty without mutual TLS.</param>
    /// <returns>Null to welcome it.</returns>
    /// <remarks>Called on the connection's loop; has to be quick.</remarks>
    HelloRefusal? Judge(Hello hello, IReadOnlyList<string> peerNames);
}
