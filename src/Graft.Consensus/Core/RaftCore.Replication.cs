namespace Graft.Consensus;

// Bringing one follower's log to equal ours: thesis §3.5 (consistency check and repair), §10.2.2 (pipelining, flow control),
// §5 (what is compacted is sent as a snapshot).
public sealed partial class RaftCore
{
    // Of appends, and never used twice in a life: a host's report of one that an earlier leadership of ours ordered may
    // come at any time, and must not be taken for one of the present.
    private ulong _nextAppend = 1;

    /// <summary>Sends a member what it lacks, within its window.</summary>
    private void Replicate(LeaderState leader, Progress progress)
    {
        while (CanSend(progress))
        {
            if (progress.Next.Previous < _log.Base.Index)
            {
                if (_snapshot is { } snapshot && !Planted.NoSnapshotForLagging)
                {
                    progress.BecomeSnapshot(snapshot, _now);
                }

                break;
            }

            var previous = new EntryId(_log.TermAt(progress.Next.Previous), progress.Next.Previous);
            bool isEmpty = progress.Next > SendableTo(leader, progress);
            if (isEmpty && progress.State == ProgressState.Replicate)
            {
                break;
            }

            SendAppend(leader, progress, previous);
        }

        if (progress is { State: ProgressState.Snapshot, IsOfferDue: true })
        {
            OfferSnapshot(leader, progress);
        }
    }

    private bool CanSend(Progress progress) => progress.State switch
    {
        ProgressState.Probe => !progress.IsProbeSent && progress.AwaitsHostFor == 0,
        ProgressState.Replicate => progress.AwaitsHostFor == 0
            && (!progress.Inflights.IsFull || Planted.WindowIgnored)
            && (progress.Next.Value - 1 - progress.Match.Value) < (ulong)_options.WindowEntriesMax,
        _ => false,
    };

    // A witness gets an entry only once somebody who could lead with it has it on disk: we, or another voter with payloads.
    // Sent in parallel with our own write, as to everybody else, a crash of ours (or our leaving, if we are being removed)
    // could leave the entry with witnesses alone: they can't lead, and they would refuse everybody who can, for ever.
    private LogIndex SendableTo(LeaderState leader, Progress progress)
    {
        if (!progress.IsWitness)
        {
            return _log.Last.Index;
        }

        LogIndex stored = LogIndex.Zero;
        foreach (Progress other in leader.Tracker.All)
        {
            stored = IsEligible(other.Id) ? LogIndex.Max(stored, other.Match) : stored;
        }

        return stored;
    }

    private void SendAppend(LeaderState leader, Progress progress, EntryId previous)
    {
        LogIndex last = EndOfRange(leader, progress, previous.Index, out long bytes, out bool hostClips, out Membership? membership);
        ulong sequence = _nextAppend++;
        Send(Draft(MessageKind.AppendEntries, progress.Id, progress.Incarnation) with
        {
            Flags = (hostClips ? MessageFlags.HostClips : MessageFlags.None)
                | (progress.IsWitness ? MessageFlags.HeadersOnly : MessageFlags.None),
            Entry = previous,
            Last = last,
            EntriesTerm = last == previous.Index ? Term.Zero : _log.TermAt(last),
            Commit = _commit,
            Round = leader.Rounds.Current,
            Sequence = sequence,
            Bytes = bytes,
            Membership = membership,
        });
        progress.FirstAppend = progress.FirstAppend == 0 ? sequence : progress.FirstAppend;
        progress.CommitSent = _commit;
        progress.AwaitsHostFor = hostClips ? sequence : 0;
        progress.Awaited = (previous.Index, last);
        if (progress.State == ProgressState.Probe)
        {
            progress.NoteProbe(last, bytes, leader.Rounds.Current);
            return;
        }

        if (progress.Inflights.Count == 0)
        {
            progress.LastAdvance = _now;
        }

        progress.Inflights.Add(last, bytes);
        progress.Next = last.Next;
    }

    // One term, at most one configuration and that at the end, within the limits of entries and bytes.
    private LogIndex EndOfRange(
        LeaderState leader, Progress progress, LogIndex previous, out long bytes, out bool hostClips, out Membership? membership)
    {
        (bytes, hostClips, membership) = (0, false, null);
        LogIndex end = SendableTo(leader, progress);
        if (previous >= end)
        {
            return previous;
        }

        LogIndex first = previous.Next;
        ulong room = (ulong)_options.WindowEntriesMax - Math.Min((ulong)_options.WindowEntriesMax - 1, previous - progress.Match);
        ulong most = Math.Min(room, (ulong)_options.MessageEntriesMax);
        LogIndex last = LogIndex.Min(LogIndex.Min(_log.RunAt(first).Last, end), previous + most);
        if (leader.Sizes.Knows(first))
        {
            long limit = Math.Min(_options.MessageBytesMax, progress.Inflights.BytesFree);
            last = leader.Sizes.Fit(previous, last, limit);
            bytes = leader.Sizes.Between(previous, last);
        }
        else
        {
            hostClips = true;
            bytes = _options.MessageBytesMax;
        }

        if (_memberships.LatestIndex >= first && _memberships.TryFindFrom(first, out LogIndex at, out Membership? found) && at <= last)
        {
            membership = found;
            if (at < last && !hostClips)
            {
                bytes = leader.Sizes.Between(previous, at);
            }

            last = at;
        }

        return last;
    }

    /// <summary>The host has sent an append that it had to clip (<see cref="Message.HostClips"/>), or couldn't send it.</summary>
    /// <param name="to">Whom it was for.</param>
    /// <param name="sequence">The append's.</param>
    /// <param name="last">The last index that went; the one before the range if nothing did.</param>
    /// <param name="bytes">The encoded size of what went.</param>
    /// <param name="now">The present.</param>
    /// <remarks>It may come late: a report of what is no longer waited for does nothing.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">More or less went than was ordered, or fewer bytes than none.</exception>
    public void ReportSent(NodeId to, ulong sequence, LogIndex last, long bytes, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Observe(now);
        if (_leader is not { } leader || leader.Tracker.Find(to) is not { } progress || progress.AwaitsHostFor != sequence || sequence == 0)
        {
            return;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(last, progress.Awaited.Previous);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(last, progress.Awaited.Last);
        progress.AwaitsHostFor = 0;
        if (progress.State == ProgressState.Probe)
        {
            progress.NoteProbe(last, bytes, progress.ProbeRound);
        }

        if (progress.State != ProgressState.Replicate || progress.Inflights.Count == 0)
        {
            return;
        }

        if (last > progress.Awaited.Previous)
        {
            // What it acknowledged meanwhile, from wherever it has it, is on its way no more.
            progress.Inflights.ClipNewest(last, bytes);
            progress.Inflights.FreeThrough(progress.Match);
            progress.Next = LogIndex.Max(last, progress.Match).Next;
        }
        else
        {
            // Nothing went. Asked for again at once, an entry that can't be read would be asked for without end; the next
            // answer to a heartbeat is soon enough.
            progress.BecomeProbe(_nextAppend, _now);
            progress.IsProbeSent = true;
            progress.ProbeRound = leader.Rounds.Current;
        }
    }

    /// <summary>The transport lost its connection to a member: what was in flight to it is not to be waited for.</summary>
    public void ReportUnreachable(NodeId member, Instant now)
    {
        Observe(now);
        if (_leader is { } leader && leader.Tracker.Find(member) is { State: ProgressState.Replicate } progress && progress != leader.Self)
        {
            NoteBusy(leader);
            progress.BecomeProbe(_nextAppend, _now);
            progress.IsProbeSent = true;
            progress.ProbeRound = leader.Rounds.Current;
        }
    }

    // The member that an answer comes from, if it is one and the answer is of its present life.
    private StepOutcome Hear(in Message m, out LeaderState? leader, out Progress? progress)
    {
        progress = null;
        leader = _leader;
        if (leader is null)
        {
            return StepOutcome.Stale;
        }

        progress = leader.Tracker.Find(m.From);
        if (progress is null)
        {
            return StepOutcome.NotMember;
        }

        if (m.Round > leader.Rounds.Current)
        {
            return StepOutcome.BeyondOurLog;
        }

        if (!progress.Meets(m.FromIncarnation, _log.Last.Index, _now))
        {
            return StepOutcome.OtherIncarnation;
        }

        progress.LastContact = _now;
        return StepOutcome.Accepted;
    }

    private StepOutcome HandleAppendEntriesReply(in Message m)
    {
        StepOutcome heard = Hear(m, out LeaderState? leader, out Progress? progress);
        if (heard != StepOutcome.Accepted || m.Reason is MessageReason.OtherIncarnation or MessageReason.TermBehind)
        {
            return heard;
        }

        if (m.IsGranted ? m.Last > _log.Last.Index : m.Sequence >= _nextAppend)
        {
            return StepOutcome.BeyondOurLog;
        }

        ConfirmRound(leader!, progress!, m.Round);
        return m.IsGranted ? OnAcknowledged(leader!, progress!, m.Last) : OnAppendRefused(progress!, m);
    }

    private StepOutcome OnAcknowledged(LeaderState leader, Progress progress, LogIndex match)
    {
        if (progress.State is ProgressState.Suspect or ProgressState.Unfit)
        {
            return progress.State == ProgressState.Suspect ? StepOutcome.LostAcknowledged : StepOutcome.Stale;
        }

        bool isNews = progress.TryAcknowledge(match, _now);
        switch (progress.State)
        {
            case ProgressState.Probe when isNews || match == progress.Match:
                progress.BecomeReplicate(_nextAppend, _now);
                break;

            // It got past what is compacted, by this snapshot or from elsewhere: the log can do the rest.
            case ProgressState.Snapshot when progress.Match >= _log.Base.Index:
                progress.BecomeReplicate(_nextAppend, _now);
                break;

            // It has all that was offered, and meanwhile that isn't enough any more: probing finds the newer snapshot.
            case ProgressState.Snapshot when progress.Match >= progress.Snapshot!.Last.Index:
                progress.BecomeProbe(_nextAppend, _now);
                break;
        }

        FollowCatchUp(leader, progress);
        if (isNews)
        {
            AdvanceCommit(leader);
        }

        if (progress.CommitSent < LogIndex.Min(_commit, progress.Match))
        {
            // What it has just stored is committed already, and it can't know.
            leader.NoticeAt = Instant.Earlier(leader.NoticeAt, _now + _options.NoticeDelay);
        }

        PressTransfer(leader, onlyIfReady: true);
        return StepOutcome.Accepted;
    }

    // Also when nothing is written: the round that shows that it keeps up may carry nothing.
    private void FollowCatchUp(LeaderState leader, Progress progress)
    {
        if (progress is { IsNonVoter: true, State: ProgressState.Replicate })
        {
            progress.CatchUp.Advance(progress.Match, _log.Last.Index, _now, _options.ElectionTimeout);
            PromoteCaughtUp(leader);
        }
    }

    private StepOutcome OnAppendRefused(Progress progress, in Message m)
    {
        if (m.Reason == MessageReason.OtherLogKind)
        {
            return OnOtherLogKind(progress, m);
        }

        // Is it about what we ask now? A refusal that was overtaken by an acceptance would rewind what has been settled.
        LogIndex refused = m.Last;
        bool isCurrent = progress.State switch
        {
            ProgressState.Probe => refused == progress.Next.Previous && m.Sequence >= progress.BelievesRefusalsFrom,
            ProgressState.Replicate => refused >= progress.Match && m.Sequence >= progress.BelievesRefusalsFrom,
            _ => false,
        };
        if (!isCurrent || refused == LogIndex.Zero)
        {
            return StepOutcome.Stale;
        }

        if (progress.State == ProgressState.Probe && refused <= progress.Match)
        {
            progress.BecomeSuspect(_now);
            return StepOutcome.LostAcknowledged;
        }

        LogIndex next = NextAfterRefusal(refused, m.Hint);
        progress.BecomeProbe(_nextAppend, _now);
        progress.Next = LogIndex.Max(progress.Match.Next, next);
        return StepOutcome.Accepted;
    }

    // Not if it was said of the member that it was before it was removed and added again.
    private StepOutcome OnOtherLogKind(Progress progress, in Message m)
    {
        if (progress.FirstAppend == 0 || m.Sequence < progress.FirstAppend)
        {
            return StepOutcome.Stale;
        }

        progress.BecomeUnfit(_now);
        return StepOutcome.Accepted;
    }

    // Our last entry that the follower can have too: at or below its hint, of no later term. At least one step back, so
    // that repair ends; below our base, so that it ends with a snapshot.
    private LogIndex NextAfterRefusal(LogIndex refused, EntryId hint)
    {
        if (Planted.RepairStuck)
        {
            return refused.Next;
        }

        if (hint.Index < _log.Base.Index || refused <= _log.Base.Index)
        {
            return LogIndex.Min(hint.Index.Next, refused);
        }

        EntryId agreed = _log.LastAtOrBelow(hint.Index, hint.Term);
        return LogIndex.Min(agreed.Index.Next, refused);
    }

    private StepOutcome HandleHeartbeatReply(in Message m)
    {
        StepOutcome heard = Hear(m, out LeaderState? leader, out Progress? progress);
        if (heard != StepOutcome.Accepted || m.Reason != MessageReason.None)
        {
            return heard;
        }

        ConfirmRound(leader!, progress!, m.Round);

        // It lives. A probe that went out before the round that it answers is lost, or soon will be harmless.
        if (progress!.State == ProgressState.Probe && m.Round > progress.ProbeRound)
        {
            progress.IsProbeSent = progress.AwaitsHostFor != 0;
        }

        progress.IsOfferDue = progress.State == ProgressState.Snapshot;
        FollowCatchUp(leader!, progress);
        if (m.IsRest)
        {
            progress.RestedIn = m.Round;
            TryRest(leader!);
        }

        return StepOutcome.Accepted;
    }

    private void ConfirmRound(LeaderState leader, Progress progress, ulong round)
    {
        if (round > progress.ConfirmedRound)
        {
            progress.ConfirmedRound = round;
            OnRoundConfirmed(leader);
        }
    }

    // Per follower: replication that stands still while something is owed is begun anew. Heartbeats may be answered all
    // the while, so they prove nothing about it.
    private void WatchFollowers(LeaderState leader)
    {
        foreach (Progress progress in leader.Tracker.All)
        {
            if (progress == leader.Self || _now - progress.LastAdvance < _options.ElectionTimeout)
            {
                continue;
            }

            bool owes = progress.Inflights.Count > 0 || progress.AwaitsHostFor != 0;
            if (progress.State == ProgressState.Replicate && owes && !Planted.NoWatchdog)
            {
                progress.BecomeProbe(_nextAppend, _now);
            }
            else if (progress.State == ProgressState.Probe && progress.AwaitsHostFor != 0)
            {
                progress.AwaitsHostFor = 0;
                progress.IsProbeSent = false;
                progress.LastAdvance = _now;
            }
            else if (progress.State == ProgressState.Snapshot && _now - progress.LastAdvance >= _options.SnapshotStall)
            {
                // By now there may be a newer snapshot, or the follower may have got what it lacked elsewhere.
                progress.BecomeProbe(_nextAppend, _now);
            }
        }
    }
}
