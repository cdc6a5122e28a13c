using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>Recovers a cluster that lost its quorum for good, from the directory of one stopped survivor (docs/internals/recovery.md).</summary>
/// <remarks>
/// Look at each survivor first (<see cref="Inspect"/>), choose the most complete one, and recover that one and no other. What only the lost nodes had is lost.
/// </remarks>
public static class ClusterRecovery
{
    // More elections than a cluster has held since a survivor last heard of one.
    private const ulong TermJump = 1 << 20;

    /// <summary>Says what a stopped node has of each group.</summary>
    /// <remarks>It opens the log as a start of the node does: that is counted, a torn end is dropped, a damaged snapshot set aside. What the groups hold stays.</remarks>
    /// <param name="disk">Its data directory; <see cref="FileDisk"/>.</param>
    /// <exception cref="RecoveryRefusedException">It's nobody's directory, or so full that the end of its log can't be made safe.</exception>
    /// <exception cref="StorageRefusedException">A process holds it, or a newer program wrote it.</exception>
    /// <exception cref="StorageFailedException">The disk failed. Nothing acknowledged was lost by trying.</exception>
    /// <exception cref="SnapshotException">The newest snapshot of a group is another cluster's or a newer program's.</exception>
    /// <exception cref="DiskException">The disk doesn't let a file be opened.</exception>
    public static ImmutableArray<SurvivorState> Inspect(IDisk disk)
    {
        using WriteAheadLog log = Open(disk, out SnapshotStore snapshots, out NodeIdentity identity);
        ImmutableArray<SurvivorState> states = [.. log.Recovery.Groups.Select(group => Describe(identity, group, snapshots).State)];
        log.Close();
        return states;
    }

    /// <summary>Makes this node the only voter of its groups, in a new epoch. It leads when it's started, and the others that are named join it.</summary>
    /// <param name="disk">Its data directory.</param>
    /// <param name="others">The other survivors, as <see cref="Inspect"/> described them; they come back with what they have. Whoever isn't among them has to be wiped.</param>
    /// <returns>What the node has now, durably.</returns>
    /// <exception cref="RecoveryRefusedException">
    /// Another survivor is more complete, of another cluster, no member, or named twice; or this node's log can't be trusted. No group was recovered.
    /// </exception>
    /// <exception cref="StorageRefusedException">A process holds the directory, or a newer program wrote it.</exception>
    /// <exception cref="StorageFailedException">The disk failed. Groups are recovered one by one: <see cref="Inspect"/> says which are in a new epoch.</exception>
    /// <exception cref="SnapshotException">The newest snapshot of a group is another cluster's or a newer program's. No group was recovered.</exception>
    /// <exception cref="DiskException">The disk doesn't let a file be opened. No group was recovered.</exception>
    public static ImmutableArray<SurvivorState> Recover(IDisk disk, IReadOnlyCollection<SurvivorState> others) =>
        Recover(disk, others, BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))));

    /// <inheritdoc cref="Recover(IDisk, IReadOnlyCollection{SurvivorState})"/>
    /// <param name="disk">Its data directory.</param>
    /// <param name="others">The other survivors.</param>
    /// <param name="drawn">The epoch's chance; drawn by the machine if left out.</param>
    public static ImmutableArray<SurvivorState> Recover(IDisk disk, IReadOnlyCollection<SurvivorState> others, ulong drawn)
    {
        ArgumentNullException.ThrowIfNull(others);
        using WriteAheadLog log = Open(disk, out SnapshotStore snapshots, out NodeIdentity identity);
        (SurvivorState State, GroupRestore Restore)[] groups = [.. log.Recovery.Groups.Select(group => Describe(identity, group, snapshots))];
        foreach ((SurvivorState own, GroupRestore _) in groups)
        {
            ThrowIfUnfit(own, others);
        }

        var written = new List<SurvivorState>();
        foreach ((SurvivorState own, GroupRestore restore) in groups)
        {
            SurvivorState[] named = [.. others.Where(other => other.Group == own.Group)];
            Epoch epoch = named.Select(static other => other.Epoch).Append(own.Epoch).MaxBy(static each => each.Number).Next(drawn);
            var term = new Term(named.Select(static other => other.Term.Value).Append(own.Term.Value).Max() + TermJump);
            Membership membership = Membership.Of(
                [new Member(own.Node, MemberRole.Voter), .. named.Select(other => own.Membership.Find(other.Node)!.Value with { Role = MemberRole.Joining, VotesInOutgoing = false })])
                .In(epoch);
            if (restore.First is { } first)
            {
                log.MakeDurable(first);
            }

            byte[] encoded = new byte[MembershipCodec.GetSize(membership)];
            MembershipCodec.Write(membership, encoded);
            var entry = new EntryId(term, own.Last.Index.Next);
            var write = new LogWrite();
            write.Begin(own.Group);
            write.HardState = restore.State.HardState with { Term = term, VotedFor = null };
            write.Add(StoredEntry.Born(entry, EntryKind.Membership, encoded));
            log.MakeDurable(write);
            written.Add(own with { Epoch = epoch, Term = term, Last = entry, Membership = membership });
        }

        log.Close();
        return [.. written];
    }

    private static WriteAheadLog Open(IDisk disk, out SnapshotStore snapshots, out NodeIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(disk);
        if (LogTools.Describe(disk) is not { Cluster: { } cluster, Node: { } node })
        {
            throw new RecoveryRefusedException("This is no node's data directory: nothing in it says whose it is.");
        }

        identity = new NodeIdentity(cluster, node);

        // The salt is the directory's own; this one is looked at only by a directory that has none.
        var log = WriteAheadLog.Open(disk, new LogOptions { Cluster = cluster, Node = node, Holder = "a recovery", Salt = 0, SegmentBytes = 16 << 20 });
        try
        {
            while (!log.IsProven && log.Maintain())
            {
            }

            snapshots = SnapshotStore.Open(disk, cluster, []);
            return log.IsProven ? log : throw new RecoveryRefusedException("The disk is full, so that the end of the log can't be made safe. Free some space first.");
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    private static (SurvivorState State, GroupRestore Restore) Describe(NodeIdentity identity, RecoveredGroup group, SnapshotStore snapshots)
    {
        var restore = GroupRestore.Of(group.Id, group, snapshots);
        RestoredState state = restore.State;
        EntryId last = state.Log.IsEmpty ? state.LogStart : new EntryId(state.Log[^1].Term, state.Log[^1].Last);
        LogIndex commit = LogIndex.Max(state.HardState.Commit, state.Snapshot?.Last.Index ?? LogIndex.Zero);
        Membership membership = state.Memberships.IsEmpty ? state.MembershipAtStart.Membership : state.Memberships[^1].Membership;
        string? whyNot = state.Lost is not null
                ? "Its log lost entries that it may have acknowledged. Recover from another survivor; this one refills from it."
            : state.HardState.Log == LogKind.HeadersOnly ? "It was a witness: its log has no payloads."
            : membership.Find(identity.Node) is not { IsVoter: true } ? "It is no voter of the group, by its own configuration. What it lacks may have been committed."
            : null;
        return (new SurvivorState(identity.Cluster, identity.Node, group.Id, membership.Epoch, state.HardState.Term, last, commit, membership, whyNot), restore);
    }

    private static void ThrowIfUnfit(SurvivorState own, IReadOnlyCollection<SurvivorState> others)
    {
        if (own.WhyNot is { } why)
        {
            throw new RecoveryRefusedException($"{own.Group} can't be recovered from {own.Node}. {why}");
        }

        foreach (SurvivorState other in others)
        {
            if (other.Cluster != own.Cluster)
            {
                throw new RecoveryRefusedException($"{other.Node} belongs to cluster {other.Cluster}, and {own.Node} to {own.Cluster}. Name survivors of one cluster.");
            }

            if (other.Group != own.Group)
            {
                continue;
            }

            if (other.Node == own.Node || others.Count(each => each.Group == own.Group && each.Node == other.Node) > 1)
            {
                throw new RecoveryRefusedException($"{other.Node} is named twice. Name each other survivor once, and not the one that is recovered.");
            }

            if (!own.Membership.Contains(other.Node))
            {
                throw new RecoveryRefusedException($"{other.Node} is no member of {own.Group} by the configuration of {own.Node}. Let it join as a new node afterwards.");
            }

            if (!own.IsAtLeastAsCompleteAs(other))
            {
                throw new RecoveryRefusedException(
                    $"{other.Node} has {own.Group} up to {other.Last}, and {own.Node} up to {own.Last}: what {own.Node} lacks may have been committed. Recover {other.Node} instead.");
            }
        }
    }
}
