using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Graft.Consensus;
using Graft.Storage;

namespace Graft;

/// <summary>Recovers a cluster that lost its quorum for good, from the directories of its stopped survivors (docs/internals/recovery.md).</summary>
/// <remarks>
/// Look at each survivor first (<see cref="Inspect"/>), recover the most complete one of each group (<see cref="Recover"/>), and have the others follow it
/// (<see cref="Follow"/>) before any of them is started. What only the lost nodes had is lost.
/// </remarks>
public static class ClusterRecovery
{
    // More elections than a cluster has held since a survivor last heard of one.
    private const ulong TermJump = 1 << 20;

    /// <summary>Says what a stopped node has of each group.</summary>
    /// <remarks>It opens the log as a start of the node does: that is counted, a torn end is dropped, a damaged snapshot set aside. What the groups hold stays.</remarks>
    /// <param name="disk">Its data directory; <see cref="FileDisk"/>.</param>
    /// <exception cref="RecoveryRefusedException">It's nobody's directory, there is no group in it, or it's so full that the end of its log can't be made safe.</exception>
    /// <exception cref="StorageRefusedException">A process holds it, or a newer program wrote it.</exception>
    /// <exception cref="StorageFailedException">The disk failed. Nothing acknowledged was lost by trying.</exception>
    /// <exception cref="SnapshotException">The newest snapshot of a group is another cluster's or a newer program's.</exception>
    /// <exception cref="DiskException">The disk doesn't let a file be opened.</exception>
    public static ImmutableArray<SurvivorState> Inspect(IDisk disk)
    {
        using WriteAheadLog log = Open(disk, out SnapshotStore snapshots, out NodeIdentity identity);
        ImmutableArray<SurvivorState> states = [.. log.Recovery.Groups.Select(group => Survivor.Of(identity, group, snapshots).State)];
        log.Close();
        return states;
    }

    /// <summary>Makes this node the only voter of groups that lost their quorum, in a new epoch. It leads them when it's started, and the others that are named join it.</summary>
    /// <param name="disk">Its data directory.</param>
    /// <param name="others">
    /// The other survivors of these groups, as <see cref="Inspect"/> described them. They come back with what they have once they <see cref="Follow"/>. Whoever isn't
    /// among them has to be wiped.
    /// </param>
    /// <param name="options">Which groups, and what is accepted.</param>
    /// <returns>What the node has now of the groups that were recovered.</returns>
    /// <exception cref="RecoveryRefusedException">Another survivor is more complete or of another cluster, this node's log can't be trusted, or it isn't clear which groups are meant.</exception>
    /// <exception cref="StorageRefusedException">A process holds the directory, or a newer program wrote it.</exception>
    /// <exception cref="StorageFailedException">The disk failed: <see cref="Inspect"/> says whether the groups are in a new epoch. They are recovered all or none.</exception>
    /// <exception cref="SnapshotException">The newest snapshot of a group is another cluster's or a newer program's. No group was recovered.</exception>
    /// <exception cref="DiskException">The disk doesn't let a file be opened. No group was recovered.</exception>
    public static ImmutableArray<SurvivorState> Recover(IDisk disk, IReadOnlyCollection<SurvivorState> others, RecoveryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(others);
        options ??= new RecoveryOptions();
        using WriteAheadLog log = Open(disk, out SnapshotStore snapshots, out NodeIdentity identity);
        Survivor[] all = [.. log.Recovery.Groups.Select(group => Survivor.Of(identity, group, snapshots))];
        Survivor[] chosen = Choose(all, options, log.Recovery.MayLackGroups);
        foreach (Survivor own in chosen)
        {
            ThrowIfUnfit(own, others, options.AcceptsLoss);
        }

        SurvivorState[] named = [.. others.Where(other => chosen.Any(own => own.State.Group == other.Group))];
        Epoch epoch = EpochOf(all, chosen, named, options);
        var writes = new List<LogWrite>();
        var written = new List<SurvivorState>();
        foreach (Survivor own in chosen)
        {
            SurvivorState state = own.State;
            SurvivorState[] mates = [.. named.Where(other => other.Group == state.Group)];
            var term = new Term(mates.Select(static other => other.Term.Value).Append(state.Term.Value).Max() + TermJump);

            // What one of them has beyond this one it may know to be committed, and then it never drops it. It has to be wiped.
            Membership membership = Membership.Of(
                [new Member(state.Node, MemberRole.Voter), .. mates.Where(state.IsAtLeastAsCompleteAs).Select(other => Joining(state.Membership.Find(other.Node)!.Value))])
                .In(epoch);
            var entry = new EntryId(term, own.End.Index.Next);
            own.AddTo(writes, entry, membership, forgetsLoss: true);
            written.Add(state with { Epoch = epoch, Term = term, Last = entry, Membership = membership, WhyNot = null });
        }

        log.MakeDurable(writes);
        log.Close();
        return [.. written];
    }

    /// <summary>Makes a survivor that was named part of the recovered cluster, before it is started again: it keeps what it has, and nobody of before has a part in it.</summary>
    /// <param name="disk">Its data directory.</param>
    /// <param name="recovered">What <see cref="Recover"/> returned, of all groups that were recovered.</param>
    /// <returns>What the node has now of these groups.</returns>
    /// <exception cref="RecoveryRefusedException">It wasn't named, or is of another cluster or a later recovery.</exception>
    /// <exception cref="StorageRefusedException">A process holds the directory, or a newer program wrote it.</exception>
    public static ImmutableArray<SurvivorState> Follow(IDisk disk, IReadOnlyCollection<SurvivorState> recovered)
    {
        ArgumentNullException.ThrowIfNull(recovered);
        using WriteAheadLog log = Open(disk, out SnapshotStore snapshots, out NodeIdentity identity);
        Survivor[] all = [.. log.Recovery.Groups.Select(group => Survivor.Of(identity, group, snapshots))];
        var writes = new List<LogWrite>();
        var written = new List<SurvivorState>();
        foreach (SurvivorState leader in recovered)
        {
            if (Array.Find(all, own => own.State.Group == leader.Group) is not { } own)
            {
                continue;
            }

            ThrowIfNoFollower(own.State, leader);
            if (own.State.Epoch == leader.Epoch)
            {
                written.Add(own.State);
                continue;
            }

            // A term of its own, which no leader ever had: no probe matches this entry, and the leader's log takes its place.
            var term = new Term(leader.Term.Value - 1);
            own.AddTo(writes, new EntryId(term, own.End.Index.Next), leader.Membership, forgetsLoss: false);
            written.Add(own.State with { Epoch = leader.Epoch, Term = term, Membership = leader.Membership });
        }

        if (written.Count == 0)
        {
            throw new RecoveryRefusedException($"{identity.Node} has none of the groups that were recovered. Let it join as a new node.");
        }

        log.MakeDurable(writes);
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
            return !log.IsProven ? throw new RecoveryRefusedException("The disk is full, so that the end of the log can't be made safe. Free some space first.")
                : log.Recovery.Groups.IsEmpty ? throw new RecoveryRefusedException(
                    $"There is no group in the log of {node}{(log.Recovery.MayLackGroups ? ", which is damaged" : "")}. Recover from another survivor.")
                : log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    private static Survivor[] Choose(Survivor[] all, RecoveryOptions options, bool mayLackGroups)
    {
        if (options.Groups.Count > 0)
        {
            return [.. options.Groups.Distinct().Select(id => Array.Find(all, own => own.State.Group == id)
                ?? throw new RecoveryRefusedException($"{id} isn't in the log of {all[0].State.Node}."))];
        }

        if (mayLackGroups)
        {
            throw new RecoveryRefusedException($"The log of {all[0].State.Node} is damaged, and groups may be missing in it. Name the groups that are to be recovered from it.");
        }

        // One in which this node is nothing but a listener is another survivor's to recover.
        Survivor[] fit = [.. all.Where(static own => own.IsVoter && !own.IsWitness)];
        if (fit.Length == 0)
        {
            throw new RecoveryRefusedException($"{all[0].State.Group} can't be recovered from {all[0].State.Node}. {all[0].State.WhyNot}");
        }

        // A quorum that lives on must not be recovered away: its nodes would be of an earlier epoch, and refused.
        if (Array.Find(fit, own => !VotersOf(own).SetEquals(VotersOf(fit[0]))) is { } other)
        {
            throw new RecoveryRefusedException(
                $"{fit[0].State.Group} and {other.State.Group} have different voters, so one may have lost its quorum and the other not. Name the groups that are to be recovered.");
        }

        return fit;
    }

    private static HashSet<NodeId> VotersOf(Survivor own) =>
        [.. own.State.Membership.Members.ToArray().Where(static member => member.IsVoter || member.Role == MemberRole.Joining).Select(static member => member.Id)];

    // One number for all that is recovered together, above every one that there was: nodes have one epoch to name, whatever groups they share.
    private static Epoch EpochOf(Survivor[] all, Survivor[] chosen, SurvivorState[] named, RecoveryOptions options)
    {
        Epoch latest = all.Select(static own => own.State.Epoch).Concat(named.Select(static other => other.Epoch)).MaxBy(static each => each.Number);
        if (options.PartOf is not { } part)
        {
            return latest.Next(options.Drawn ?? BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong))));
        }

        Epoch reached = chosen.Select(static own => own.State.Epoch).Concat(named.Select(static other => other.Epoch)).MaxBy(static each => each.Number);
        return part.Number > reached.Number && (part == latest || part.Number > latest.Number) ? part
            : throw new RecoveryRefusedException($"Epoch {part} isn't later than {(reached.Number >= part.Number ? reached : latest)}, which there is. Recover without naming it.");
    }

    private static Member Joining(Member member) =>
        member with { Role = member.Role == MemberRole.Learner && !member.VotesInOutgoing ? MemberRole.Learner : MemberRole.Joining, VotesInOutgoing = false };

    private static void ThrowIfUnfit(Survivor survivor, IReadOnlyCollection<SurvivorState> others, bool acceptsLoss)
    {
        SurvivorState own = survivor.State;
        if (own.WhyNot is { } why && (survivor.IsWitness || !acceptsLoss))
        {
            throw new RecoveryRefusedException(
                $"{own.Group} can't be recovered from {own.Node}. {why}{(survivor.IsWitness ? "" : " If there is no other, accept the loss.")}");
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
                ThrowIfMoreComplete(own, other, acceptsLoss);
            }
        }
    }

    private static void ThrowIfMoreComplete(SurvivorState own, SurvivorState other, bool acceptsLoss)
    {
        string lack = $"{other.Node} has {own.Group} up to {other.Last}, and {own.Node} up to {own.Last}: what {own.Node} lacks may have been committed.";
        if (other.WhyNot is null)
        {
            throw new RecoveryRefusedException($"{lack} Recover {other.Node} instead.");
        }

        if (!acceptsLoss)
        {
            throw new RecoveryRefusedException(
                $"{lack} But the group can't be recovered from {other.Node}. {other.WhyNot} If no survivor has more than {own.Node} and is fit, accept the loss of what lies "
                + $"between {own.Last} and {other.Last}, recover {own.Node}, and wipe {other.Node}.");
        }
    }

    private static void ThrowIfNoFollower(SurvivorState own, SurvivorState leader)
    {
        if (leader.Cluster != own.Cluster)
        {
            throw new RecoveryRefusedException($"{leader.Node} belongs to cluster {leader.Cluster}, and {own.Node} to {own.Cluster}.");
        }

        if (leader.Node == own.Node || !leader.Membership.Contains(own.Node))
        {
            throw new RecoveryRefusedException(leader.Node == own.Node
                ? $"{own.Group} was recovered from {own.Node} itself. It leads when it's started, and follows nobody."
                : $"{own.Node} wasn't named when {own.Group} was recovered. Wipe its directory and let it join as a new node.");
        }

        if (own.Epoch != leader.Epoch && own.Epoch.Number >= leader.Epoch.Number)
        {
            throw new RecoveryRefusedException($"{own.Group} is of epoch {own.Epoch} at {own.Node}, and was recovered in {leader.Epoch}: of two recoveries one has to be wiped.");
        }
    }

    /// <summary>One group of the directory that is looked at.</summary>
    /// <param name="State">What is told of it.</param>
    /// <param name="Restore">What is on disk.</param>
    /// <param name="End">The last entry of its log.</param>
    private sealed record Survivor(SurvivorState State, GroupRestore Restore, EntryId End)
    {
        internal bool IsVoter => State.Membership.IsVoter(State.Node);

        internal bool IsWitness => Restore.State.HardState.Log == LogKind.HeadersOnly;

        internal static Survivor Of(NodeIdentity identity, RecoveredGroup group, SnapshotStore snapshots)
        {
            var restore = GroupRestore.Of(group.Id, group, snapshots);
            RestoredState state = restore.State;
            EntryId end = state.Log.IsEmpty ? state.LogStart : new EntryId(state.Log[^1].Term, state.Log[^1].Last);
            LogIndex commit = LogIndex.Max(state.HardState.Commit, state.Snapshot?.Last.Index ?? LogIndex.Zero);
            Membership membership = state.Memberships.IsEmpty ? state.MembershipAtStart.Membership : state.Memberships[^1].Membership;
            string? whyNot = state.Lost is not null
                    ? "Its log lost entries that it may have acknowledged. Recover from another survivor; this one refills from it."
                : state.HardState.Log == LogKind.HeadersOnly ? "It was a witness: its log has no payloads."
                : !membership.IsVoter(identity.Node) ? "It is no voter of the group, by its own configuration. What it lacks may have been committed."
                : null;
            EntryId last = BelowMarks(state, identity.Node);
            return new Survivor(
                new SurvivorState(identity.Cluster, identity.Node, group.Id, membership.Epoch, state.HardState.Term, last, commit, membership, whyNot), restore, end);
        }

        /// <summary>Adds what makes this configuration the one in force here, behind all that there is.</summary>
        internal void AddTo(List<LogWrite> writes, EntryId entry, Membership membership, bool forgetsLoss)
        {
            if (Restore.First is { } first)
            {
                writes.Add(first);
            }

            byte[] encoded = new byte[MembershipCodec.GetSize(membership)];
            MembershipCodec.Write(membership, encoded);
            var write = new LogWrite();
            write.Begin(State.Group);
            write.HardState = Restore.State.HardState with { Term = entry.Term, VotedFor = null };
            write.ForgetsLoss = forgetsLoss && Restore.State.Lost is not null;
            write.Add(StoredEntry.Born(entry, EntryKind.Membership, encoded));
            writes.Add(write);
        }

        // What followers of a recovery were given says nothing of how complete their logs are.
        private static EntryId BelowMarks(RestoredState state, NodeId self)
        {
            int runs = state.Log.Length;
            for (int i = state.Memberships.Length - 1; i >= 0 && runs > 0; i--, runs--)
            {
                (LogIndex index, Membership membership) = state.Memberships[i];
                Membership before = i > 0 ? state.Memberships[i - 1].Membership : state.MembershipAtStart.Membership;
                bool isMark = state.Log[runs - 1].First == index && state.Log[runs - 1].Last == index
                    && membership.Epoch.Number > before.Epoch.Number && !membership.IsVoter(self);
                if (!isMark)
                {
                    break;
                }
            }

            return runs > 0 ? new EntryId(state.Log[runs - 1].Term, state.Log[runs - 1].Last) : state.LogStart;
        }
    }
}
