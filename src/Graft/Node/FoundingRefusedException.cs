using Graft.Consensus;
using Graft.Network;

namespace Graft;

/// <summary>A cluster wasn't founded, because a cluster that there is takes this address for one of its members. Nothing was written.</summary>
/// <remarks>
/// Most often the node's disk was lost or exchanged. The way back: have the lost member removed, and join (<see cref="NodeOptions.Join"/>) as a
/// new node. If a second cluster at this address is really meant, <see cref="NodeOptions.ForceNew"/> founds it.
/// </remarks>
public sealed class FoundingRefusedException : GraftException
{
    internal FoundingRefusedException(NodeAddress address, Hello member)
        : base(Explain(address, member)) => (Cluster, Member, Lost) = (member.Cluster, member.Node!.Value, member.Expected!.Value);

    /// <summary>The cluster that holds the address.</summary>
    public ClusterId Cluster { get; }

    /// <summary>Its member that has spoken.</summary>
    public NodeId Member { get; }

    /// <summary>Whom that one expects here.</summary>
    public NodeId Lost { get; }

    private static string Explain(NodeAddress address, Hello member)
    {
        string way = member.Advertised is { } there ? $"Join = {there}" : "Join";
        return $"No cluster was founded: {address} belongs to cluster {member.Cluster} already, whose member {member.Node} looks for {member.Expected} here. "
            + $"If its disk was lost, remove {member.Expected} from that cluster and start this node with {way}. ForceNew founds a second cluster all the same.";
    }
}
