namespace Graft.Consensus;

/// <summary>What the leader knows of one member's log. Born with a leadership, gone with it.</summary>
/// <remarks>
/// <code>
///            refusal, silence, unreachable
///        +------------------------------------+
///        v                                    |
///     Probe -- an append is accepted --> Replicate
///        |  ^                                 |
///        |  | abandoned, or log suffices      | needs compacted entries
///        v  |                                 v
///     Snapshot &lt;------------------------------+
/// </code>
/// Invariants:
///   (1) Match &lt; Next;
///   (2) Match never falls within an incarnation, unless it becomes <see cref="ProgressState.Suspect"/> or <see cref="ProgressState.Unfit"/>;
///   (3) Match is at most the leader's last index: nobody has acknowledged what was never sent.
/// </remarks>
internal sealed class Progress
{
    internal Progress(NodeId id, LogIndex next, RaftOptions options, LogIndex last, Instant now)
    {
        Id = id;
        Next = next;
        Inflights = new Inflights(options.WindowMessagesMax, options.WindowBytesMax);
        CatchUp = new CatchUp(last, now);

        // A member that has just been added hasn't had the time to answer. It counts as heard from, or a leader that
        // adds two members quickly would depose itself.
        LastContact = now;
        LastAdvance = now;
    }

    internal NodeId Id { get; }

    internal bool IsWitness { get; set; }

    /// <summary>A learner, joining or not: what it acknowledges completes no commit.</summary>
    internal bool IsNonVoter { get; set; }

    internal ProgressState State { get; private set; }

    /// <summary>The highest index known to be durable at the member and to match ours (matchIndex).</summary>
    internal LogIndex Match { get; private set; }

    /// <summary>The next index to send (nextIndex).</summary>
    internal LogIndex Next { get; set; }

    internal Inflights Inflights { get; }

    internal CatchUp CatchUp { get; }

    internal Incarnation Incarnation { get; private set; }

    /// <summary>When it last answered anything of this term.</summary>
    internal Instant LastContact { get; set; }

    /// <summary>The last of our rounds that it has answered by going to rest.</summary>
    internal ulong RestedIn { get; set; }

    /// <summary>The highest of our rounds that it has answered.</summary>
    internal ulong ConfirmedRound { get; set; }

    /// <summary>When replication to it last moved: the watchdog's clock.</summary>
    internal Instant LastAdvance { get; set; }

    /// <summary>In <see cref="ProgressState.Probe"/>: an append is out and nothing has been heard since.</summary>
    internal bool IsProbeSent { get; set; }

    /// <summary>The round in which the probe went out.</summary>
    internal ulong ProbeRound { get; set; }

    /// <summary>The last index that the probe carried.</summary>
    internal LogIndex ProbeLast { get; private set; }

    internal long ProbeBytes { get; private set; }

    /// <summary>The first append that was ever sent to it as the member that it is now; zero if none was.</summary>
    internal ulong FirstAppend { get; set; }

    /// <summary>The append of which a refusal is believed: the probe itself, or any since replication began.</summary>
    internal ulong BelievesRefusalsFrom { get; set; }

    /// <summary>The append that the host is to clip and hasn't reported yet; zero if none. Nothing is ordered before it does.</summary>
    internal ulong AwaitsHostFor { get; set; }

    /// <summary>The range that the host is to clip: the index before it, and its last.</summary>
    internal (LogIndex Previous, LogIndex Last) Awaited { get; set; }

    /// <summary>The commit index that the last message to it carried.</summary>
    internal LogIndex CommitSent { get; set; }

    /// <summary>In <see cref="ProgressState.Snapshot"/>: what is offered.</summary>
    internal Snapshot? Snapshot { get; private set; }

    /// <summary>How much of the snapshot it has reported to hold, in bytes.</summary>
    internal long SnapshotBytes { get; set; }

    internal bool IsOfferDue { get; set; }

    internal void BecomeProbe(ulong nextSequence, Instant now)
    {
        Next = Match.Next;
        Enter(ProgressState.Probe, now);
        BelievesRefusalsFrom = nextSequence;
    }

    internal void BecomeReplicate(ulong nextSequence, Instant now)
    {
        (LogIndex probed, long bytes, ulong believes) = (ProbeLast, ProbeBytes, BelievesRefusalsFrom);
        bool isProbeOut = State == ProgressState.Probe && IsProbeSent && AwaitsHostFor == 0 && probed > Match;
        Next = Match.Next;
        Enter(ProgressState.Replicate, now);
        BelievesRefusalsFrom = nextSequence;
        if (isProbeOut)
        {
            // The answer is to something older; what the probe carried is still on its way and needn't go twice.
            Next = probed.Next;
            Inflights.Add(probed, bytes);
            BelievesRefusalsFrom = believes;
        }
    }

    /// <summary>A probe with entries up to <paramref name="last"/> has gone out.</summary>
    internal void NoteProbe(LogIndex last, long bytes, ulong round)
    {
        (IsProbeSent, ProbeLast, ProbeBytes, ProbeRound) = (true, last, bytes, round);
    }

    internal void BecomeSnapshot(Snapshot snapshot, Instant now)
    {
        Enter(ProgressState.Snapshot, now);
        Snapshot = snapshot;
        SnapshotBytes = 0;
        IsOfferDue = true;
    }

    internal void BecomeSuspect(Instant now)
    {
        Match = LogIndex.Zero;
        Next = Match.Next;
        Enter(ProgressState.Suspect, now);
    }

    internal void BecomeUnfit(Instant now)
    {
        Match = LogIndex.Zero;
        Next = Match.Next;
        Enter(ProgressState.Unfit, now);
    }

    /// <summary>Notes which life of the member speaks.</summary>
    /// <returns>False if it is an earlier one than we have heard already: drop what it says.</returns>
    internal bool Meets(Incarnation incarnation, LogIndex last, Instant now)
    {
        if (incarnation < Incarnation)
        {
            return Planted.OldIncarnationsBelieved;
        }

        if (incarnation > Incarnation)
        {
            // What its earlier life acknowledged is on its disk, or it would say so; but a lower Match is always safe,
            // and costs one probe.
            bool isFirst = Incarnation == Incarnation.Unknown;
            Incarnation = incarnation;
            if (!isFirst && !Planted.NewLifeKeepsMatch)
            {
                Match = LogIndex.Zero;
                Next = last.Next;
                Enter(ProgressState.Probe, now);
                CatchUp.Restart(last, now);
            }
        }

        return true;
    }

    /// <summary>The member acknowledged everything up to <paramref name="match"/>.</summary>
    /// <returns>Whether that is news.</returns>
    internal bool TryAcknowledge(LogIndex match, Instant now)
    {
        Inflights.FreeThrough(match);
        if (match <= Match)
        {
            return false;
        }

        Match = match;
        Next = LogIndex.Max(Next, match.Next);
        LastAdvance = now;
        return true;
    }

    internal void CheckInvariants(LogIndex last)
    {
        Invariant.Check(Match < Next, Match, Next);
        Invariant.Check(Match <= last, Match, last);
        Invariant.Check(Next <= last.Next, Next, last);
        Invariant.Check((Snapshot is not null) == (State == ProgressState.Snapshot));
    }

    private void Enter(ProgressState state, Instant now)
    {
        State = state;
        Inflights.Clear();
        IsProbeSent = false;
        ProbeLast = LogIndex.Zero;
        ProbeBytes = 0;
        AwaitsHostFor = 0;
        BelievesRefusalsFrom = 0;
        Snapshot = null;
        IsOfferDue = false;
        LastAdvance = now;
    }
}
