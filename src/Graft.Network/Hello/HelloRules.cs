using System.Globalization;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>What every acceptor checks of a hello, in this order, before its host is asked.</summary>
public static class HelloRules
{
    /// <summary>Compares a hello with what the acceptor is: versions, self-connections, the expected node, the cluster.</summary>
    /// <param name="hello">What the dialing side says.</param>
    /// <param name="cluster">The acceptor's cluster; zero if it knows none.</param>
    /// <param name="node">The acceptor.</param>
    /// <param name="incarnation">Its start.</param>
    /// <returns>The first rule that is broken, or null.</returns>
    public static HelloRefusal? Check(Hello hello, ClusterId cluster, NodeId node, Incarnation incarnation)
    {
        ArgumentNullException.ThrowIfNull(hello);
        if (hello.Versions.NewestInCommon(VersionRange.Spoken) is null)
        {
            return new HelloRefusal(
                RefusalCode.VersionUnknown,
                Packed(hello.Versions),
                Packed(VersionRange.Spoken),
                $"You speak versions {hello.Versions} of the protocol, this node {VersionRange.Spoken}.");
        }

        // A node that meets its own id meets itself or a copy of itself; neither is a peer (museum L06).
        if (hello.Node == node)
        {
            return new HelloRefusal(
                RefusalCode.SelfConnection,
                hello.Incarnation.Value,
                incarnation.Value,
                hello.Incarnation == incarnation
                    ? $"You are {node} and so am I: the address leads back to you."
                    : $"You are {node} in life {hello.Incarnation}, and I am {node} in life {incarnation}: one data directory was copied.");
        }

        if (hello.Expected is { } expected && expected != node)
        {
            return new HelloRefusal(
                RefusalCode.OtherNode, expected.Value, node.Value, $"You expect {expected}; at this address lives {node}.");
        }

        bool isOther = hello.Cluster != cluster && hello.Cluster.Value != 0 && cluster.Value != 0;
        return isOther
            ? new HelloRefusal(
                RefusalCode.OtherCluster,
                hello.Cluster.Value,
                cluster.Value,
                string.Create(CultureInfo.InvariantCulture, $"You belong to cluster {hello.Cluster}, this node to {cluster}."))
            : null;
    }

    private static ulong Packed(VersionRange range) => ((ulong)range.Min << 16) | range.Max;
}
