using Graft.Consensus;

namespace Graft.Simulation.Core;

// What happened, for the tally; and those rules that can only be seen where it happens.
public sealed partial class World
{
    private void NoteOutcome(SimNode node, CoreNode host, in Message m, StepOutcome outcome)
    {
        switch (outcome)
        {
            case StepOutcome.Accepted:
                if (m.Kind == MessageKind.TimeoutNow)
                {
                    node.IsStandingForTransfer = true;
                }
                else if (m.Kind == MessageKind.AppendEntriesReply)
                {
                    NoteAppendReply(node, host, m);
                }
                else if (m.Kind is MessageKind.PreVoteReply or MessageKind.RequestVoteReply)
                {
                    NoteVoteRefusal(m.Reason);
                }

                break;
            case StepOutcome.OtherIncarnation:
                _tally.Hit(m.ToIncarnation != Incarnation.Unknown && m.ToIncarnation < host.Options.Incarnation
                    ? Probe.MessageToEarlierLife
                    : Probe.MessageFromEarlierLife);
                break;
            case StepOutcome.ForeignCluster:
                _tally.Hit(Probe.MessageOfForeignCluster);
                break;
            case StepOutcome.NotForUs:
                _tally.Hit(Probe.MessageForAnother);
                break;
            case StepOutcome.NotMember:
                _tally.Hit(Probe.MessageFromNonMember);
                break;
            case StepOutcome.LostAcknowledged:
                // Rot is found at a start, and a start is another life: within one, a disk keeps its word in this world.
                Violation.Fail($"not so: nobody loses within one life what it acknowledged ({node.Id}; {m})");
                break;
            case StepOutcome.SecondLeader or StepOutcome.ContradictsCommitted or StepOutcome.Malformed or StepOutcome.FromSelf:
                Violation.Fail($"not so: honest nodes never send this ({outcome}: {m})");
                break;
            default:
                break;
        }
    }

    // Repair takes a round trip per term, not one per entry: so many refusals in a row and no more.
    private void NoteAppendReply(SimNode node, CoreNode host, in Message m)
    {
        int from = (int)m.From.Value;
        if (node.RefusalsTerm != host.Core.Term)
        {
            node.RefusalsTerm = host.Core.Term;
            Array.Clear(node.Refusals);
        }

        if (m.IsGranted)
        {
            node.Refusals[from] = 0;
        }
        else if (m.Reason == MessageReason.LogMismatch && _nodes[from].Host is { } follower && follower.Options.Incarnation == m.FromIncarnation)
        {
            _tally.Hit(Probe.AppendRefused);
            int runs = host.Core.Log.Count + follower.Core.Log.Count;
            Violation.Unless(++node.Refusals[from] <= (2 * runs) + 20, "repair takes a round trip per term", (node.Id, m), runs);
        }
        else
        {
            node.Refusals[from] = 0;
        }
    }

    private void NoteVoteRefusal(MessageReason reason)
    {
        switch (reason)
        {
            case MessageReason.Repairing:
                _tally.Hit(Probe.VoteRefusedRepairing);
                break;
            case MessageReason.LogBehind:
                _tally.Hit(Probe.VoteRefusedLogBehind);
                break;
            case MessageReason.LeaderAlive:
                _tally.Hit(Probe.VoteRefusedLeaderAlive);
                break;
            case MessageReason.VoteGiven:
                _tally.Hit(Probe.VoteRefusedGiven);
                break;
            case MessageReason.NotMember:
                _tally.Hit(Probe.VoteRefusedRemoved);
                break;
            default:
                break;
        }
    }

    private void NoteReady(SimNode node, CoreNode host, Ready ready)
    {
        RaftCore core = host.Core;
        if (ready.IsLeadershipChanged)
        {
            NoteLeadership(node, core, ready);
        }

        if (ready.Persist is { } order)
        {
            if (order.TruncateAfter is not null)
            {
                _tally.Hit(Probe.FollowerTruncated);
            }

            if (order.Install is not null)
            {
                _tally.Hit(
                    order.ResetLog ? Probe.InstallReplacedLog
                    : node.AcknowledgedIn == core.Term && node.Acknowledged > order.Install.Last.Index ? Probe.InstallKeptAcknowledged
                    : Probe.InstallKeptSuffix);
            }
        }

        if (ready.MembershipChange is not null && ready.Persist is { TruncateAfter: not null })
        {
            _tally.Hit(Probe.TruncationTookBackConfiguration);
        }

        if (ready.SnapshotToAbandon is not null)
        {
            _tally.Hit(Probe.SnapshotAbandoned);
        }

        if (ready.OwnEntries.Length > 0)
        {
            NoteConfigurations(node, core, ready.OwnEntries);
        }

        if (node.IsRepairing && !core.IsRepairing)
        {
            Trace(node.Slot, "has everything again that had rotted");
            _tally.Hit(Probe.RepairEnded);
            node.IsRepairing = false;
            node.Disk.ForgetLoss();
        }
    }

    private void NoteLeadership(SimNode node, RaftCore core, Ready ready)
    {
        if (_trace is not null)
        {
            Trace(node.Slot, $"is {ready.Role} in {ready.Term}{(ready.Leader is { } leader ? $" under {leader}" : "")}");
        }

        if (ready.Role == Role.Leader)
        {
            _tally.Hit(Probe.LeaderElected);
            if (node.IsStandingForTransfer)
            {
                _tally.Hit(Probe.LeaderElectedByTransfer);
            }

            _ledger.NoteLeader(ready.Term, node.Id, node.Disk.Incarnation);
            _lastLeader = node.Slot;
        }
        else if (node.WasLeader && core.MembershipIndex <= core.CommitIndex && !core.Membership.IsVoter(node.Id))
        {
            _tally.Hit(Probe.LeaderAbdicated);
        }
        else if (node.WasLeader && core.VotedFor == node.Id)
        {
            _tally.Hit(Probe.LeaderSteppedDownInItsTerm);
        }

        node.WasLeader = ready.Role == Role.Leader;
        node.IsStandingForTransfer &= ready.Role == Role.Candidate;
    }

    private void NoteConfigurations(SimNode node, RaftCore core, ReadOnlySpan<OwnEntry> entries)
    {
        foreach (OwnEntry own in entries)
        {
            if (own.Membership is not { } membership)
            {
                continue;
            }

            Trace(node.Slot, $"configuration {own.Id}: {membership}");
            _tally.Hit(membership.IsJoint ? Probe.JointBegun : Probe.JointLeft);
            LogIndex before = own.Id.Index.Previous;
            Membership previous = core.Log.Contains(before) ? core.MembershipAt(before, out LogIndex at) : core.MembershipAt(core.CommitIndex, out at);
            if (previous.IsJoint && core.Log.Contains(at) && core.Log.TermAt(at) != own.Id.Term)
            {
                _tally.Hit(Probe.JointLeftByAnotherLeader);
            }

            foreach (Member member in membership.Members)
            {
                NoteMember(member, previous.Find(member.Id), own.Id.Index);
            }
        }
    }

    private void NoteMember(Member member, Member? before, LogIndex index)
    {
        SimNode node = _nodes[(int)member.Id.Value];
        if (before is null)
        {
            node.BroughtInAt = index;
        }
        else if (member.Role == MemberRole.Voter && before is { Role: MemberRole.Joining })
        {
            _tally.Hit(Probe.MemberPromotedByLeader);
            Violation.Unless(
                node.IsDamaged || node.Disk.Last.Index >= node.BroughtInAt,
                "nobody becomes a voter unseen: it holds at least the entry that brought it in",
                (node.Id, node.Disk.Last),
                node.BroughtInAt);
        }
    }

    // Rules that need a look at a whole node, and so are looked at now and then.
    private void Sweep()
    {
        foreach (SimNode node in _nodes)
        {
            if (node.Host is { } host && !node.IsPaused && !node.IsTurnDue)
            {
                CheckCalls(node, host);
                // Between a deadline and the timer that is late for it, a core can't be expected to have acted.
                VouchForAll(node, host, Now(node));
                if (host.Core.NextDeadline >= Now(node) && host.Core.Role == Role.Leader)
                {
                    CheckLeader(node, host);
                }
            }
        }

        _queue.Add(_time + Math.Max(1, _t / 4), EventKind.Sweep, 0, 0, 0);
    }

    // Every call ends: reads by their deadline, transfers too. Only a timer that came late excuses it.
    private void CheckCalls(SimNode node, CoreNode host)
    {
        Instant now = Now(node);
        if (node.HasOpenTransfer)
        {
            Violation.Unless(now <= node.TransferEndsBy, "every transfer ends", node.Id, node.TransferEndsBy);
        }

        foreach (KeyValuePair<ulong, OpenRead> read in node.Reads)
        {
            if (now > read.Value.Deadline + _options.ElectionTimeout)
            {
                Violation.Unless(host.IsWaitingToApply(new ReadId(read.Key)), "every read ends by its deadline", (node.Id, read.Key), read.Value);
            }
        }
    }

    private void CheckLeader(SimNode node, CoreNode host)
    {
        Instant now = Now(node);
        RaftStatus status = host.Core.Status(now);
        Membership membership = status.Membership;
        Span<ulong> incoming = stackalloc ulong[membership.IncomingVoters.Length];
        Span<ulong> outgoing = stackalloc ulong[membership.OutgoingVoters.Length];
        (int i, int o) = (0, 0);
        foreach (MemberStatus member in status.Members)
        {
            CheckMember(node, member);

            // Sorted highest first by the quorum: so the quietness is turned round.
            ulong heard = ulong.MaxValue - (ulong)Math.Max(0, member.SilentFor.Ticks);
            if (member.Member.Role == MemberRole.Voter)
            {
                incoming[i++] = heard;
            }

            if (member.Member.VotesInOutgoing)
            {
                outgoing[o++] = heard;
            }
        }

        if (node.LedMembershipIndex != status.MembershipIndex)
        {
            // Whom the new quorum counts may have been silent all along, and hasn't been asked in its name yet.
            node.LedMembershipIndex = status.MembershipIndex;
            node.PausedAt = now;
        }

        long silent = (long)(ulong.MaxValue - membership.Quorum.Reached(incoming, outgoing));
        bool hasPaused = now - node.PausedAt < _options.ElectionTimeout * 2;
        Violation.Unless(
            hasPaused || silent <= 2 * _t, "a leader that no quorum answers steps down", (node.Id, status.Term), new TimeSpan(silent));
        Violation.Unless(
            membership.IsJoint || status.MembershipIndex > status.Commit || membership.IsVoter(node.Id),
            "a leader whose removal is committed leaves",
            (node.Id, status.Term),
            membership);
    }

    private void CheckMember(SimNode leader, MemberStatus member)
    {
        Violation.Unless(
            member.InFlight <= _options.WindowMessagesMax, "messages in flight are bounded", (leader.Id, member), _options.WindowMessagesMax);

        // One message may overrun the byte window, or an entry above it could never go.
        long most = _options.WindowBytesMax + Math.Max(_options.MessageBytesMax, _options.PayloadBytes);
        Violation.Unless(member.InFlightBytes <= most, "bytes in flight are bounded", (leader.Id, member), most);
        if (member.State == ProgressState.Unfit)
        {
            // Whoever is a witness in this world stays one.
            Violation.Fail($"not so: nobody's log is of the other kind ({leader.Id}; {member})");
        }

        if (member.State == ProgressState.Suspect)
        {
            Violation.Fail($"not so: nobody is suspected of having lost what it acknowledged ({leader.Id}; {member})");
        }
    }
}
