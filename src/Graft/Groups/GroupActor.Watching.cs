using Graft.Consensus;

namespace Graft;

/// <content>What is told to instruments, to the log, and to who asks whether this node is in touch.</content>
internal sealed partial class GroupActor
{
    private static readonly TimeSpan SlowApply = TimeSpan.FromSeconds(1);

    private CancellationTokenSource? _touch;
    private MemberStatus[] _membersSeen = [];
    private bool _hasSaidFull;

    internal GroupMeters Meters { get; }

    /// <summary>Bytes of commands that aren't in a log yet.</summary>
    internal long QueuedBytes => Interlocked.Read(ref _queuedBytes);

    /// <summary>Cancelled while this node knows no leader; one that isn't is cancelled when it ceases to.</summary>
    internal CancellationToken TouchToken => Volatile.Read(ref _touch)?.Token ?? NotLeading;

    /// <summary>The members as this leader saw them when it was asked last, and a request to look again.</summary>
    internal MemberStatus[] LookAtMembers()
    {
        Tell(now => Volatile.Write(ref _membersSeen, _core.Role == Role.Leader ? [.. _core.Status(now).Members.Where(member => member.Member.Id != _core.Id)] : []));
        return Volatile.Read(ref _membersSeen);
    }

    private void Follow(GroupView before, GroupView after)
    {
        if (Stands(after.Role) && (!Stands(before.Role) || (after.Role == Role.Candidate && after.Term > before.Term)))
        {
            Meters.Node.Elections.Count(Meters.Tag);
        }

        if (after.Leader != before.Leader || (after.Leader is not null && after.Term != before.Term))
        {
            FollowLeader(before, after);
        }

        if (after.MembershipIndex != before.MembershipIndex)
        {
            _services.Events?.Members(_id, after.MembershipIndex, after.Membership);
        }
    }

    private static bool Stands(Role role) => role is Role.Candidate or Role.Leader;

    private void FollowLeader(GroupView before, GroupView after)
    {
        if (before.Role == Role.Leader && after.Role != Role.Leader)
        {
            _services.Events?.LeadsNoMore(_id, after.Term);
        }

        if (after.Leader is not { } leader)
        {
            EndTouch();
            if (before.Role != Role.Leader)
            {
                _services.Events?.Leaderless(_id, after.Term);
            }

            return;
        }

        Meters.Node.LeaderChanges.Count(Meters.Tag);
        if (_touch is null)
        {
            Volatile.Write(ref _touch, new CancellationTokenSource());
        }

        if (after.Role == Role.Leader)
        {
            _services.Events?.Leads(_id, after.Term);
        }
        else
        {
            _services.Events?.Follows(_id, after.Term, leader);
        }
    }

    // What hangs on it is the application's code, and that never runs inside our turn.
    private void EndTouch()
    {
        if (_touch is { } ended)
        {
            Volatile.Write(ref _touch, null);
            _services.Scheduler.Post(new Cancellation(ended, _services.Events));
        }
    }

    private void NoteApplied(ApplyWork work)
    {
        TimeSpan elapsed = Meters.End(work);
        if (elapsed > SlowApply)
        {
            _services.Events?.AppliedSlowly(_id, work.Last, elapsed);
        }
    }

    private void NoteTaken(Snapshot snapshot)
    {
        Meters.Node.SnapshotsTaken.Count(Meters.Tag);
        _services.Events?.SnapshotTaken(_id, snapshot);
    }

    private void NoteInstalled(EntryId snapshot)
    {
        if (_installing == snapshot && snapshot != _stored)
        {
            Meters.Node.SnapshotsInstalled.Count(Meters.Tag);
            _services.Events?.SnapshotInstalled(_id, snapshot);
        }
    }

    private void NoteDisk(bool isFull)
    {
        if (isFull == _hasSaidFull)
        {
            return;
        }

        _hasSaidFull = isFull;
        if (isFull)
        {
            _services.Events?.DiskFull(_id);
        }
        else
        {
            _services.Events?.DiskHealed(_id);
        }
    }

    // From any thread.
    private void NoteOverload()
    {
        Meters.Node.Overloads.Count(Meters.Tag);
        _services.Events?.Overloaded(_id, QueuedBytes);
    }
}
