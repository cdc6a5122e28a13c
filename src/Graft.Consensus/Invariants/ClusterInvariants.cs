namespace Graft.Consensus;

/// <summary>What must hold across all nodes of a cluster and all their lives, as an observer who sees everything would know it.</summary>
/// <remarks>
/// <para>Call <see cref="Check"/> after each input of a core and <see cref="CheckSent"/> for each message that leaves one.</para>
/// <list type="bullet">
///   <item>Election safety: at most one leader per term, restarts included (thesis Figure 3.2).</item>
///   <item>Vote once: no node grants two candidates one term, in any of its lives.</item>
///   <item>Log matching: an (index, term) has one predecessor, and so one history, wherever it stands.</item>
///   <item>State-machine safety: one entry is committed at an index.</item>
///   <item>Leader completeness: a leader holds what earlier terms committed.</item>
///   <item>Configuration: each one follows from the one before it by a legal step.</item>
/// </list>
/// <para>It costs what has changed since the last call, not what there is.</para>
/// </remarks>
public sealed class ClusterInvariants
{
    private readonly SortedDictionary<Term, NodeId> _leaders = [];
    private readonly SortedDictionary<(NodeId Voter, Term Term), NodeId> _votes = [];
    private readonly SortedDictionary<NodeId, Seen> _cores = [];
    private readonly List<Term> _committed = [Term.Zero];

    // By index: the term of the leader that committed it. Never falls from index to index.
    private readonly List<Term> _committedIn = [Term.Zero];
    private readonly PredecessorMap _predecessors = new();

    /// <summary>The highest index that any node has known to be committed.</summary>
    public LogIndex HighestCommitted => new((ulong)_committed.Count - 1);

    /// <summary>The entry committed at <paramref name="index"/>, or null if none is yet.</summary>
    public EntryId? CommittedAt(LogIndex index) =>
        index.Value < (ulong)_committed.Count ? new EntryId(_committed[(int)index.Value], index) : null;

    /// <summary>Compares a core with what was seen of all others. After each of its inputs.</summary>
    /// <exception cref="InvariantViolationException">The cluster is in a state that Raft rules out.</exception>
    public void Check(RaftCore core)
    {
        ArgumentNullException.ThrowIfNull(core);
        if (!_cores.TryGetValue(core.Id, out Seen? seen) || !ReferenceEquals(seen.Core, core))
        {
            seen = new Seen(core);
            _cores[core.Id] = seen;
        }

        CheckLog(core, seen);
        if (core.Role == Role.Leader && (seen.Role != Role.Leader || seen.Term != core.Term))
        {
            CheckNewLeader(core);
        }

        if (core.CommitIndex > seen.Commit)
        {
            CheckCommitted(core, seen.Commit);
        }

        if (core.MembershipIndex != seen.MembershipIndex)
        {
            CheckMembership(core);
        }

        seen.Remember();
    }

    /// <summary>Takes note of a vote that leaves a core, asked for or given; of another message, of nothing.</summary>
    /// <exception cref="InvariantViolationException">The cluster is in a state that Raft rules out.</exception>
    public void CheckSent(in Message message)
    {
        if (message.Kind == MessageKind.RequestVote)
        {
            CheckVote(message.From, message.Term, message.From);
        }
        else if (message.Kind == MessageKind.RequestVoteReply && message.IsGranted)
        {
            CheckVote(message.From, message.Term, message.To);
        }
    }

    private void CheckVote(NodeId voter, Term term, NodeId candidate)
    {
        if (!_votes.TryAdd((voter, term), candidate))
        {
            NodeId earlier = _votes[(voter, term)];
            Invariant.Check(earlier == candidate, (voter, term, earlier), candidate);
        }
    }

    private void CheckNewLeader(RaftCore core)
    {
        if (!_leaders.TryAdd(core.Term, core.Id))
        {
            Invariant.Check(_leaders[core.Term] == core.Id, (core.Term, _leaders[core.Term]), core.Id);
        }

        // By log matching the last one stands for all before it. What this very term commits comes later, and what a later
        // term has committed already isn't in the log of one that wins an older election by votes that were long in coming.
        LogIndex needed = HighestCommitted;
        while (_committedIn[(int)needed.Value] >= core.Term)
        {
            needed = needed.Previous;
        }

        Invariant.Check(Holds(core, needed), (core.Id, core.Log.Last), CommittedAt(needed));
    }

    private bool Holds(RaftCore core, LogIndex index) =>
        index <= core.Log.Base.Index || core.Log.Contains(new EntryId(_committed[(int)index.Value], index));

    private void CheckCommitted(RaftCore core, LogIndex from)
    {
        for (LogIndex index = LogIndex.Max(from.Next, core.Log.Base.Index); index <= core.CommitIndex; index = index.Next)
        {
            Term term = core.Log.TermAt(index);
            if (index.Value < (ulong)_committed.Count)
            {
                Invariant.Check(_committed[(int)index.Value] == term, (core.Id, index, term), _committed[(int)index.Value]);
                continue;
            }

            Invariant.Check(index.Value == (ulong)_committed.Count, (core.Id, index), _committed.Count);
            _committed.Add(term);
            _committedIn.Add(core.Term);
            CheckLaterLeaders(core, index);
        }
    }

    // A leader of an earlier term may learn late that an entry is committed: then the leaders that came after it had to
    // have it all along.
    private void CheckLaterLeaders(RaftCore core, LogIndex index)
    {
        foreach (Seen seen in _cores.Values)
        {
            if (seen.Core.Role == Role.Leader && seen.Core.Term > core.Term)
            {
                Invariant.Check(Holds(seen.Core, index), (seen.Core.Id, seen.Core.Term), (core.Id, core.Term, index));
            }
        }
    }

    // Only what was appended since the last look: behind a truncation, that begins where the two logs part.
    private void CheckLog(RaftCore core, Seen seen)
    {
        EntryId last = core.Log.Last;
        if (last == seen.Last)
        {
            return;
        }

        // From the last run upwards: everything below stands as it was seen, unless a truncation went deeper.
        LogIndex from = core.Log.Contains(seen.Last) ? seen.Last.Index.Next : LogIndex.Max(core.CommitIndex, core.Log.Base.Index).Next;
        if (from <= core.Log.Base.Index)
        {
            from = core.Log.Base.Index.Next;
        }

        for (LogIndex index = from; index <= last.Index; index = index.Next)
        {
            var id = new EntryId(core.Log.TermAt(index), index);
            Term previous = core.Log.TermAt(index.Previous);
            Invariant.Check(_predecessors.Agrees(id, previous), (core.Id, id), previous);
        }
    }

    private static void CheckMembership(RaftCore core)
    {
        Membership next = core.Membership;
        if (core.MembershipIndex <= core.Log.Base.Index)
        {
            return;
        }

        Membership before = core.MembershipAt(core.MembershipIndex.Previous, out LogIndex _);
        if (before.Members.IsEmpty)
        {
            return;
        }

        bool isLegal = (before.IsJoint, next.IsJoint) switch
        {
            (false, false) => next.IncomingVoters.SequenceEqual(before.IncomingVoters),
            (false, true) => next.OutgoingVoters.SequenceEqual(before.IncomingVoters),
            (true, false) => next.IncomingVoters.SequenceEqual(before.IncomingVoters),
            (true, true) => false,
        };
        Invariant.Check(isLegal, before, next);
    }

    /// <summary>What was last seen of one life of a node.</summary>
    private sealed class Seen(RaftCore core)
    {
        public RaftCore Core => core;

        public Role Role { get; private set; }

        public Term Term { get; private set; }

        public EntryId Last { get; private set; }

        public LogIndex Commit { get; private set; }

        public LogIndex MembershipIndex { get; private set; }

        public void Remember()
        {
            Role = core.Role;
            Term = core.Term;
            Last = core.Log.Last;
            Commit = core.CommitIndex;
            MembershipIndex = core.MembershipIndex;
        }
    }
}
