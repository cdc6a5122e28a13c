namespace Graft.Consensus;

/// <summary>What must hold between two successive states of one core. One instance for each life of a node.</summary>
/// <remarks>
/// Call <see cref="Check"/> after each input. The invariants, by the names that the field gives them:
///   monotonic term and commit; one vote per term; one leader per term; leader append-only (thesis Figure 3.2);
///   a committed entry stays; only a candidate of the same term becomes its leader.
/// </remarks>
public sealed class StepInvariants
{
    private Term _term;
    private NodeId? _votedFor;
    private NodeId? _leader;
    private Role _role;
    private LogIndex _commit;
    private Term _commitTerm;
    private EntryId _base;
    private EntryId _last;
    private LogIndex _durable;

    /// <summary>Begins with a core as it is.</summary>
    public StepInvariants(RaftCore core) => Remember(core);

    /// <summary>Compares a core with what it was the last time. After each of its inputs.</summary>
    /// <exception cref="InvariantViolationException">The step from the last state to this one is none of Raft's.</exception>
    public void Check(RaftCore core)
    {
        ArgumentNullException.ThrowIfNull(core);
        Invariant.Check(core.Term >= _term, core.Term, _term);
        Invariant.Check(core.CommitIndex >= _commit, core.CommitIndex, _commit);
        Invariant.Check(core.Log.Base.Index >= _base.Index, core.Log.Base, _base);
        if (core.Term == _term)
        {
            CheckSameTerm(core);
        }

        bool isNewLeader = core.Role == Role.Leader && (_role != Role.Leader || core.Term != _term);
        Invariant.Check(!isNewLeader || (_role == Role.Candidate && core.Term == _term), _role, core.Term);
        if (_commit >= core.Log.Base.Index)
        {
            Invariant.Check(core.Log.TermAt(_commit) == _commitTerm, core.Log.TermAt(_commit), _commitTerm);
        }

        Remember(core);
    }

    private void CheckSameTerm(RaftCore core)
    {
        Invariant.Check(_votedFor is null || core.VotedFor == _votedFor, core.VotedFor, _votedFor);
        Invariant.Check(_leader is null || core.Leader is null || core.Leader == _leader, core.Leader, _leader);
        if (_role == Role.Leader && core.Role == Role.Leader)
        {
            bool keepsLast = _last.Index < core.Log.Base.Index || core.Log.Contains(_last);
            Invariant.Check(keepsLast, core.Log.Last, _last);
            Invariant.Check(core.DurableIndex >= _durable, core.DurableIndex, _durable);
        }
    }

    private void Remember(RaftCore core)
    {
        // A leader that was once known in a term stays the only one there can be, also while nobody is known.
        _leader = core.Leader ?? (core.Term == _term ? _leader : null);
        _term = core.Term;
        _votedFor = core.VotedFor;
        _role = core.Role;
        _commit = core.CommitIndex;
        _commitTerm = core.Log.TermAt(core.CommitIndex);
        _base = core.Log.Base;
        _last = core.Log.Last;
        _durable = core.DurableIndex;
    }
}
