using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft;

/// <content>What the group looks like to whoever asks why.</content>
internal sealed partial class GroupActor
{
    /// <summary>The group in detail. Never fails: of a group that has ended, it's what was known last.</summary>
    internal async Task<GroupStatus> LookAsync()
    {
        try
        {
            return await AskAsync<GroupStatus>((done, now) => done.SetResult(Compose(_core.Status(now), now)));
        }
        catch (RejectedException)
        {
            // The core of a group that has ended may be what failed: it isn't asked.
            return Compose(null, _services.Clock.Now);
        }
    }

    private GroupStatus Compose(RaftStatus? raft, Instant now)
    {
        GroupView view = View;
        bool isAlive = raft is not null;
        return new GroupStatus
        {
            Group = _id,
            Node = _core.Id,
            Role = raft?.Role ?? view.Role,
            Term = raft?.Term ?? view.Term,
            Leader = isAlive ? raft!.Leader : null,
            Membership = raft?.Membership ?? view.Membership,
            Commit = raft?.Commit ?? view.Commit,
            Applied = isAlive ? _applied : view.Applied,
            Raft = raft,
            Ended = Volatile.Read(ref _over),
            Peers = DescribePeers(raft?.Membership ?? view.Membership, now),
            Disk = new DiskStatus(IsDiskFull, _diskFailure?.Message, raft?.DiskOwesFor ?? TimeSpan.Zero, _services.Flushes.Last),
            Pending = isAlive
                ? new PendingStatus(
                    _undecided.Count + _orphans.Count, _held.Count, Interlocked.Read(ref _queuedBytes), _settings.QueuedBytesMax, _confirming.Count, _waiting.Count)
                : new PendingStatus(0, 0, 0, _settings.QueuedBytesMax, 0, 0),
            TailBytes = isAlive ? _tail.Bytes : 0,
            BytesBehindSnapshot = _appliedBytes,
            SnapshotBytes = _snapshotBytes,
            IsSnapshotUnderWay = isAlive && _isSnapshotUnderWay,
            IsRestoring = isAlive && _isRestoring,
            ClockExcess = isAlive ? ClockExcess() : TimeSpan.Zero,
            Halted = view.Halted,
            Divergence = view.Divergence,
            Removed = view.Removed,
            ElectionTimeout = _electionTimeout,
            IsWitness = view.IsWitness,
        };
    }

    private ImmutableArray<PeerStatus> DescribePeers(Membership membership, Instant now)
    {
        var peers = ImmutableArray.CreateBuilder<PeerStatus>();
        foreach (Member member in membership.Members)
        {
            if (member.Id != _core.Id)
            {
                Instant heard = _services.Peers.HeardAt(member.Id);
                TimeSpan? silence = heard == Instant.DistantPast ? null : now - Instant.Earlier(heard, now);
                peers.Add(new PeerStatus(member.Id, _services.Peers.LinkOf(member.Id), silence));
            }
        }

        return peers.ToImmutable();
    }
}
