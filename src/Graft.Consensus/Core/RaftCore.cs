namespace Graft.Consensus;

/// <summary>The Raft protocol of one group on one node: inputs in, a <see cref="Ready"/> out.</summary>
/// <remarks>
/// <para>
/// Deterministic: the same inputs in the same order give the same outputs. Time comes in as an argument, chance from a
/// seed. It knows indexes and terms and never a payload; it never waits, so a host that feeds it from one place at a time
/// needs no lock (it isn't thread-safe). Time never goes back: a reading that is earlier than one before is a bug of the host's, and an
/// <see cref="InvariantViolationException"/>.
/// </para>
/// <para>
/// The host feeds any number of inputs (<see cref="Step"/>, <see cref="Propose(ReadOnlySpan{int}, Instant)"/>,
/// <see cref="Persisted"/>, <see cref="Tick"/>, …), then calls <see cref="TakeReady"/> and does what it says, and calls
/// <see cref="Tick"/> when <see cref="NextDeadline"/> has come. What was fed together is answered together: that is all the
/// batching there is.
/// </para>
/// <para>Where each rule lives, its section in the thesis and the test that proves it: docs/internals/protocol.md.</para>
/// <code>
///            no leader heard for [T, 1.5 T)          quorum of pre-votes             quorum of votes
/// Follower ---------------------------> PreCandidate -----------------> Candidate -----------------> Leader
///    ^  ^                                |  |                             |                            |
///    |  +------- refused, or a leader ---+  | (again each timeout)        |                            |
///    |           heard                      +-----------------------------+                            |
///    +------ higher term; quorum not heard for T; removed; transfer or disk stall -----------------------+
/// </code>
/// </remarks>
public sealed partial class RaftCore
{
    // No honest term, index or count comes near it, and sums of two stay clear of overflow.
    private const ulong NumberLimit = 1UL << 62;
    private const ulong EntriesPerMessageLimit = 1UL << 24;

    // An election a millisecond takes seven weeks to get there, while a node that knows of no term at all still learns any
    // real one. Without a bound a single message would leave its cluster no term to elect anybody in, for ever.
    private const ulong TermJumpMax = 1UL << 32;

    private readonly RaftOptions _options;
    private readonly NodeId _self;
    private readonly SeededRandom _random;
    private readonly TermRuns _log;
    private readonly MembershipLog _memberships;
    private readonly RefusalCounts _refusals = new();

    private Term _term;
    private NodeId? _votedFor;
    private LogIndex _commit;
    private LogKind _logKind;
    private Snapshot? _snapshot;
    private Repair? _repair;
    private bool _isStopped;

    // Exactly one of the three is set, and it is the role.
    private FollowerState? _follower;
    private CandidateState? _candidate;
    private LeaderState? _leader;

    private Instant _now;
    private Instant _electionAt;
    private Instant _wakeAt = Instant.Never;

    /// <summary>Until T after this, no vote against the leader that was heard then: outlives terms and roles (thesis §4.2.3).</summary>
    private Instant _leaderHeardAt;

    /// <summary>Begins where the disk is, as a follower.</summary>
    /// <param name="options">Checked by <see cref="RaftOptions.Validate"/>.</param>
    /// <param name="restored">What is on disk, all of it durable.</param>
    /// <param name="now">The first reading of the clock.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the restored state contradicts itself.</exception>
    public RaftCore(RaftOptions options, RestoredState restored, Instant now)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(restored);
        options.Validate();
        RestoredStateCheck.ThrowIfInvalid(restored);
        _options = options;
        _self = options.Node;
        _random = new SeededRandom(options.Seed);
        _now = now;

        _log = new TermRuns(restored.LogStart);
        foreach (TermRun run in restored.Log)
        {
            _log.Append(run.Term, run.Last - run.First + 1);
        }

        _memberships = new MembershipLog(restored.MembershipAtStart.Index, restored.MembershipAtStart.Membership);
        foreach ((LogIndex index, Membership membership) in restored.Memberships)
        {
            _memberships.Append(index, membership);
        }

        _snapshot = restored.Snapshot;
        if (_snapshot is { } snapshot && !_log.Contains(snapshot.Last))
        {
            // The log ends before the snapshot, or holds another history there: the crash came between the two steps of
            // an install. The snapshot is committed state; what it contradicts isn't. The first order ends the install.
            _log.Reset(snapshot.Last);
            _memberships.Reset(snapshot.MembershipIndex, snapshot.Membership);
            (_install, _installResetsLog) = (snapshot, true);
        }

        _logKind = restored.HardState.Log;
        _term = restored.HardState.Term;
        _votedFor = restored.HardState.VotedFor;
        if (_snapshot is { } covered && covered.Last.Term > _term)
        {
            // The host stores a snapshot by itself, and the crash came before the order that said which term this node was
            // in. Nothing was promised in that term: no message of it can have left.
            RaiseTerm(covered.Last.Term);
        }

        LogIndex floor = LogIndex.Max(_log.Base.Index, _snapshot?.Last.Index ?? LogIndex.Zero);
        _commit = LogIndex.Max(floor, LogIndex.Min(restored.HardState.Commit, _log.Last.Index));
        _repair = restored.Lost is null ? null : new Repair(restored.Lost);
        _durable = _log.Last.Index;
        _ordered = _log.Last.Index;

        // Before the restart this node may have answered a leader that counts on it for a lease: it has forgotten whom,
        // so it promises the same to all for as long (thesis §6.4.1 read across a crash).
        bool hasPast = _term > Term.Zero && !Planted.RestartForgetsLease;
        _leaderHeardAt = hasPast ? now : Instant.DistantPast;
        _follower = new FollowerState(leader: null, Incarnation.Unknown, _commit);
        _publishedMembership = _memberships.Latest;
        ResetElectionTimer();
    }

    /// <summary>This node.</summary>
    public NodeId Id => _self;

    /// <summary>The highest term that it has seen; never falls.</summary>
    public Term Term => _term;

    /// <summary>Whom it voted for in this term; null if it hasn't.</summary>
    public NodeId? VotedFor => _votedFor;

    /// <summary>What it is in this term.</summary>
    public Role Role => _leader is not null ? Role.Leader
        : _candidate is null ? Role.Follower
        : _candidate.IsPreVote ? Role.PreCandidate
        : Role.Candidate;

    /// <summary>Who leads this term, as far as this node knows; itself if it does, and never a leader of an earlier term.</summary>
    public NodeId? Leader => _leader is not null ? _self : _follower?.Leader;

    /// <summary>The terms of the log.</summary>
    public TermRuns Log => _log;

    /// <summary>Whether the log has payloads; a node with headers only never leads.</summary>
    public LogKind LogKind => _logKind;

    /// <summary>Up to where it knows entries to be committed; never falls.</summary>
    public LogIndex CommitIndex => _commit;

    /// <summary>Up to where our log is durable.</summary>
    public LogIndex DurableIndex => _durable;

    /// <summary>The effective configuration: the last one in the log, committed or not.</summary>
    public Membership Membership => _memberships.Latest;

    /// <summary>Where it was appended: what <see cref="ProposeMembership"/> compares with.</summary>
    public LogIndex MembershipIndex => _memberships.LatestIndex;

    /// <summary>The configuration in force at <paramref name="index"/>, for a snapshot that ends there.</summary>
    public Membership MembershipAt(LogIndex index, out LogIndex appendedAt) => _memberships.At(index, out appendedAt);

    /// <summary>It lost entries that it may have acknowledged and holds its promises back until it has them again.</summary>
    public bool IsRepairing => _repair is not null;

    /// <summary>When <see cref="Tick"/> is due, as of the last <see cref="TakeReady"/>.</summary>
    public Instant NextDeadline => _wakeAt;

    /// <summary>Takes in a message. Never throws, whatever the message says.</summary>
    public StepOutcome Step(in Message message, Instant now)
    {
        Observe(now);
        StepOutcome outcome = Admit(message);
        if (outcome == StepOutcome.Accepted)
        {
            WakeUp(isAnswered: message.Kind is MessageKind.AppendEntries or MessageKind.Heartbeat && message.Round > 0 && message.From == Leader);
            outcome = Dispatch(message);
        }

        if (outcome != StepOutcome.Accepted)
        {
            _refusals.Note(outcome, message.From);
        }

        return outcome;
    }

    /// <summary>Lets time pass: call it when <see cref="NextDeadline"/> has come. Early calls do nothing.</summary>
    public void Tick(Instant now)
    {
        Observe(now);
        if (_isStopped)
        {
            return;
        }

        if (_isResting)
        {
            return;
        }

        ExpireReads();
        if (_leader is not null)
        {
            TickLeader(_leader);
        }
        else
        {
            TickHandover();
            if (now >= _electionAt)
            {
                OnElectionTimeout();
            }
        }
    }

    // The one place where the present moves. The host's clock is monotonic by contract; a step back is its bug.
    private void Observe(Instant now)
    {
        Invariant.Check(now >= _now, now, _now);
        _now = now;
        if (_leader is not null && now > _wakeAt + _options.PauseBound)
        {
            OnPause(_leader);
            _wakeAt = now;
        }
    }

    // Addressed to us, in this life, and possible at all.
    private StepOutcome Admit(in Message m)
    {
        if (_isStopped)
        {
            return StepOutcome.Stopped;
        }

        if (m.Cluster != _options.Cluster)
        {
            return StepOutcome.ForeignCluster;
        }

        if (m.To != _self)
        {
            return StepOutcome.NotForUs;
        }

        if (m.From == _self)
        {
            return StepOutcome.FromSelf;
        }

        if (!MessageCheck.IsWellFormed(m, NumberLimit, EntriesPerMessageLimit) || m.Term.Value > _term.Value + TermJumpMax)
        {
            return StepOutcome.Malformed;
        }

        if (m.ToIncarnation != Incarnation.Unknown && m.ToIncarnation != _options.Incarnation && !Planted.OldIncarnationsBelieved)
        {
            return OnOtherIncarnation(m);
        }

        return StepOutcome.Accepted;
    }

    // A leader that speaks to our earlier life has to learn of this one, or it would speak to the dead for ever.
    private StepOutcome OnOtherIncarnation(in Message m)
    {
        if (m.ToIncarnation < _options.Incarnation)
        {
            if (m.Term > _term && m.Kind is (MessageKind.AppendEntries or MessageKind.Heartbeat))
            {
                // We have lost even the term. An answer in ours would be one of the past, and the leader would speak to the
                // dead for ever.
                BecomeFollower(m.Term, leader: null);
            }

            if (m.Term < _term && m.Kind is (MessageKind.AppendEntries or MessageKind.InstallSnapshot or MessageKind.Heartbeat))
            {
                // It is deposed and doesn't know. Were it left in that belief because it speaks to an earlier life, it would
                // lead on with the others, and this node, in its higher term, would belong to nobody for ever.
                OnTermBehind(m);
            }
            else if (m.Kind == MessageKind.AppendEntries)
            {
                Send(Draft(MessageKind.AppendEntriesReply, m) with
                {
                    Reason = MessageReason.OtherIncarnation,
                    Last = m.Previous.Index,
                    Sequence = m.Sequence,
                });
            }
            else if (m.Kind == MessageKind.Heartbeat)
            {
                Send(Draft(MessageKind.HeartbeatReply, m) with { Reason = MessageReason.OtherIncarnation });
            }
        }

        return StepOutcome.OtherIncarnation;
    }

    private StepOutcome Dispatch(in Message m)
    {
        switch (m.Kind)
        {
            case MessageKind.PreVote:
                return HandlePreVote(m);
            case MessageKind.RequestVote:
                return HandleRequestVote(m);
            case MessageKind.PreVoteReply when m.IsGranted || m.Term < _term:
                return HandlePreVoteReply(m);
            case MessageKind.RequestVoteReply when m.Term < _term:
                // A voter that holds to its leader stays in its term and says so: the refusal names the campaign it is for.
                return m.IsGranted ? StepOutcome.Stale : HandleRequestVoteReply(m);
        }

        if (m.Term < _term)
        {
            return OnTermBehind(m);
        }

        bool isFromLeader = m.Kind is MessageKind.AppendEntries or MessageKind.Heartbeat
            or MessageKind.InstallSnapshot or MessageKind.TimeoutNow;
        if (m.Term > _term)
        {
            // Whoever leads or stands may have been made a member by what we lack, so he is believed. Nobody has asked a
            // stranger anything.
            if (!isFromLeader && !_memberships.Latest.Contains(m.From))
            {
                return StepOutcome.NotMember;
            }

            // Any message of a higher term ends our role (thesis §3.3). From a refusal we take the term and nothing else:
            // whom the other voted for says nothing about whom we would.
            if (_candidate is { } candidate && m.Sequence == candidate.Campaign
                && m.Kind is MessageKind.PreVoteReply or MessageKind.RequestVoteReply)
            {
                NoteAnswer(candidate, m);
            }

            BecomeFollower(m.Term, leader: null);
        }

        if (isFromLeader)
        {
            return HandleFromLeader(m);
        }

        return m.Kind switch
        {
            MessageKind.PreVoteReply => HandlePreVoteReply(m),
            MessageKind.RequestVoteReply => HandleRequestVoteReply(m),
            MessageKind.AppendEntriesReply => HandleAppendEntriesReply(m),
            MessageKind.HeartbeatReply => HandleHeartbeatReply(m),
            MessageKind.InstallSnapshotReply => HandleInstallSnapshotReply(m),
            MessageKind.ReadIndex => HandleReadIndex(m),
            _ => HandleReadIndexReply(m),
        };
    }

    // A deposed leader is told the new term, or it would go on talking; a late answer is no concern of anybody.
    private StepOutcome OnTermBehind(in Message m)
    {
        switch (m.Kind)
        {
            case MessageKind.AppendEntries or MessageKind.InstallSnapshot:
                Send(Draft(MessageKind.AppendEntriesReply, m) with
                {
                    Reason = MessageReason.TermBehind,
                    Last = m.Previous.Index,
                    Sequence = m.Sequence,
                });
                return StepOutcome.Accepted;
            case MessageKind.Heartbeat:
                Send(Draft(MessageKind.HeartbeatReply, m) with { Reason = MessageReason.TermBehind });
                return StepOutcome.Accepted;
            case MessageKind.ReadIndex:
                // The asker is behind: it hears of the newer term from its leader, not from an answer to a read.
                Send(Draft(MessageKind.ReadIndexReply, m) with { Reason = MessageReason.NotLeader, Sequence = m.Sequence });
                return StepOutcome.Accepted;
            default:
                return StepOutcome.Stale;
        }
    }

    private StepOutcome HandleFromLeader(in Message m)
    {
        if (_leader is not null || (_follower?.Leader is { } known && known != m.From))
        {
            return StepOutcome.SecondLeader;
        }

        if (_follower?.Leader is null)
        {
            BecomeFollower(_term, m.From);
        }

        _follower!.LeaderIncarnation = m.FromIncarnation;

        // Whatever the leader says, that it speaks is what counts. Were a refused append no contact, a follower far behind
        // would stand for election while it is being repaired.
        _leaderHeardAt = _now;
        _electionAt = _now + _electionTimeout;
        _isRetired = false;
        return m.Kind switch
        {
            MessageKind.AppendEntries => HandleAppendEntries(m, _follower),
            MessageKind.Heartbeat => HandleHeartbeat(m, _follower),
            MessageKind.InstallSnapshot => HandleInstallSnapshot(m, _follower),
            _ => HandleTimeoutNow(m, _follower),
        };
    }
}
