using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What a header has to say beyond being whole (S4). What is null may be anything.</summary>
internal sealed record SnapshotExpectation(ClusterId? Cluster, GroupId? Group, EntryId? Last, Snapshot? Announced = null)
{
    public static SnapshotExpectation Anything { get; } = new(null, null, null);

    public SnapshotFault? Check(SnapshotHeader header)
    {
        if (Cluster is { } cluster && cluster != header.Cluster)
        {
            return new SnapshotFault(
                SnapshotValidity.OtherCluster, SnapshotFormat.ClusterOffset, $"cluster {cluster}", $"cluster {header.Cluster}");
        }

        if (Group is { } group && group != header.Group)
        {
            return Damaged(SnapshotFormat.GroupOffset, $"group {group}", $"group {header.Group}");
        }

        if (Last is { } last && last != header.Snapshot.Last)
        {
            return Damaged(SnapshotFormat.LastOffset, $"a snapshot up to {last}", $"one up to {header.Snapshot.Last}");
        }

        if (Announced is null)
        {
            return null;
        }

        if (Announced.MembershipIndex != header.Snapshot.MembershipIndex)
        {
            return Damaged(
                SnapshotFormat.MembershipIndexOffset,
                $"a configuration of index {Announced.MembershipIndex}",
                $"one of index {header.Snapshot.MembershipIndex}");
        }

        return Announced.Membership.Equals(header.Snapshot.Membership)
            ? null
            : Damaged(
                SnapshotFormat.MembershipOffset,
                $"the configuration {Announced.Membership}",
                $"the configuration {header.Snapshot.Membership}");
    }

    private static SnapshotFault Damaged(long offset, string expected, string found) =>
        new(SnapshotValidity.Damaged, offset, expected, found);
}
