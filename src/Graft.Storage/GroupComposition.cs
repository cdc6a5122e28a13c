using Graft.Consensus;

namespace Graft.Storage;

/// <summary>The work of <see cref="GroupRestore"/>, a rule a method.</summary>
internal sealed class GroupComposition
{
    private readonly GroupId _id;
    private readonly RecoveredGroup _found;
    private readonly List<string> _notes;
    private readonly List<TermRun> _runs;
    private readonly List<(LogIndex Index, Membership Membership)> _memberships = [];
    private HardState _hardState;
    private Snapshot? _snapshot;
    private EntryId _start;
    private (LogIndex Index, Membership Membership) _membershipAtStart = (LogIndex.Zero, Membership.Empty);
    private LostEntries? _lost;
    private bool _isReset;
    private bool _isCompacted;
    private LogIndex? _truncateAfter;

    internal GroupComposition(GroupId id, RecoveredGroup? group, Snapshot? snapshot, List<string> notes)
    {
        _found = group ?? new RecoveredGroup(id, default, LogStart.Zero, [], [], null);
        (_id, _snapshot, _notes) = (id, snapshot, notes);
        (_hardState, _start, _lost) = (_found.HardState, _found.Start.At, _found.Lost);
        _runs = [.. _found.Log];
        if (group is null && snapshot is not null)
        {
            // Who has a snapshot had a log that says whether it has payloads before the first byte of it was fetched.
            _lost = new LostEntries(null);
            notes.Add($"{id} has a snapshot at {snapshot.Last} and nothing in the log. What it voted and acknowledged is unknown.");
        }
    }

    private EntryId Last => _runs.Count == 0 ? _start : new EntryId(_runs[^1].Term, _runs[^1].Last);

    internal GroupRestore Run()
    {
        CutWhatDoesNotContinue();
        JudgeKind();
        FitToSnapshot();
        DecodeMemberships();
        JudgeTerm();
        LogIndex reached = LogIndex.Max(Last.Index, _snapshot?.Last.Index ?? LogIndex.Zero);
        _hardState = _hardState with { Commit = LogIndex.Min(_hardState.Commit, reached) };
        var state = new RestoredState
        {
            HardState = _hardState,
            Snapshot = _snapshot,
            LogStart = _start,
            Log = [.. _runs],
            Memberships = [.. _memberships],
            MembershipAtStart = _membershipAtStart,
            Lost = _lost,
        };
        return new GroupRestore(state, FirstWrite(), [.. _notes]);
    }

    // Recovery leaves no such log. This is the last door before the core, which would refuse the whole group.
    private void CutWhatDoesNotContinue()
    {
        EntryId last = _start;
        for (int i = 0; i < _runs.Count; i++)
        {
            TermRun run = _runs[i];
            if (run.First != last.Index.Next || run.Last < run.First || run.Term < last.Term || run.Term == Term.Zero)
            {
                _notes.Add($"The log of {_id} doesn't go on behind {last}: the next entries are {run}.");
                Cut(last.Index);
                return;
            }

            last = new EntryId(run.Term, run.Last);
        }
    }

    // The kind is durable with the first entry behind the founding one, and before a snapshot is fetched or taken.
    private void JudgeKind()
    {
        if (_hardState.Log != LogKind.Undecided)
        {
            return;
        }

        if (_snapshot is { Last.Index.Value: > 1 } stray)
        {
            _notes.Add($"{_id} doesn't use the snapshot at {stray.Last}: its log doesn't say that it was ever one with entries.");
            _snapshot = null;
        }

        if (Last.Index > new LogIndex(1))
        {
            _notes.Add($"{_id} has entries up to {Last}, and what says whether they are whole is lost. It begins anew.");
            ResetTo(null);
            Lose();
        }
    }

    private void FitToSnapshot()
    {
        if (_start != EntryId.Zero && (_snapshot is null || _snapshot.Last.Index < _start.Index))
        {
            _notes.Add(
                $"The log of {_id} begins behind {_start}, and "
                + (_snapshot is null ? "there is no valid snapshot of what lies before" : $"the newest valid snapshot ends at {_snapshot.Last}")
                + $". Entries up to {_found.Last} are lost here, and come from the leader.");
            ResetTo(_snapshot);
            Lose();
        }
        else if (_snapshot is { } newest && !Contains(newest.Last))
        {
            // The crash came between the two steps of an install. What the log holds instead was never committed.
            _notes.Add($"The log of {_id}, {_start} to {Last}, doesn't hold the snapshot's last entry {newest.Last} and is put away for it.");
            ResetTo(newest);
        }
    }

    private void DecodeMemberships()
    {
        if (!_isReset && !TryDecodeStart())
        {
            _notes.Add($"The configuration of {_id} at the start of its log, {_start}, can't be read.");
            CompactToSnapshot();
        }

        LogIndex previous = LogIndex.Max(_membershipAtStart.Index, _start.Index);
        foreach ((LogIndex index, ReadOnlyMemory<byte> encoded) in _found.Memberships)
        {
            if (index <= _start.Index || index > Last.Index)
            {
                continue;
            }

            bool isRead = MembershipCodec.TryRead(encoded.Span, out Membership membership, out string error);
            if (isRead && membership.IncomingVoters.Length > 0 && index > previous)
            {
                _memberships.Add((index, membership));
                previous = index;
                continue;
            }

            _notes.Add($"The configuration of {_id} in entry {index} can't be used. {(isRead ? "It has no voters or is out of order." : error)}");
            if (_snapshot is { } snapshot && index <= snapshot.Last.Index)
            {
                // The snapshot says what was in force there; entries behind it stay.
                CompactToSnapshot();
                previous = _start.Index;
                continue;
            }

            Cut(index.Previous);
            return;
        }
    }

    private bool TryDecodeStart()
    {
        if (_start == EntryId.Zero)
        {
            return true;
        }

        bool isRead = MembershipCodec.TryRead(_found.Start.Membership.Span, out Membership membership, out _);
        if (!isRead || _found.Start.MembershipIndex > _start.Index)
        {
            return false;
        }

        _membershipAtStart = (_found.Start.MembershipIndex, membership);
        return true;
    }

    // An entry never gets durable before the term it came in. If it did, the row that had the term is lost, and with it the vote.
    private void JudgeTerm()
    {
        Term stored = _hardState.Term;
        if (_snapshot is { } snapshot && snapshot.Last.Term > stored)
        {
            stored = snapshot.Last.Term;
        }

        if (stored < Last.Term)
        {
            _notes.Add($"{_id} stored {_hardState.Term}, below that of its last entry {Last}: its vote is unknown.");
            _hardState = _hardState with { Term = Last.Term, VotedFor = null };
            _lost = new LostEntries(null);
        }
    }

    private bool Contains(EntryId id)
    {
        if (id == _start)
        {
            return true;
        }

        foreach (TermRun run in _runs)
        {
            if (id.Index >= run.First && id.Index <= run.Last)
            {
                return run.Term == id.Term;
            }
        }

        return false;
    }

    private void CompactToSnapshot()
    {
        Snapshot snapshot = _snapshot!;
        while (_runs.Count > 0 && _runs[0].Last <= snapshot.Last.Index)
        {
            _runs.RemoveAt(0);
        }

        if (_runs.Count > 0 && _runs[0].First <= snapshot.Last.Index)
        {
            _runs[0] = _runs[0] with { First = snapshot.Last.Index.Next };
        }

        _memberships.Clear();
        _start = snapshot.Last;
        _membershipAtStart = (snapshot.MembershipIndex, snapshot.Membership);
        _isCompacted = true;
    }

    private void ResetTo(Snapshot? snapshot)
    {
        _runs.Clear();
        _start = snapshot?.Last ?? EntryId.Zero;
        _membershipAtStart = snapshot is null ? (LogIndex.Zero, Membership.Empty) : (snapshot.MembershipIndex, snapshot.Membership);
        _truncateAfter = null;
        _isReset = true;
    }

    private void Cut(LogIndex last)
    {
        while (_runs.Count > 0 && (_runs[^1].First > last || _runs[^1].Last < _runs[^1].First))
        {
            _runs.RemoveAt(_runs.Count - 1);
        }

        if (_runs.Count > 0 && _runs[^1].Last > last)
        {
            _runs[^1] = _runs[^1] with { Last = last };
        }

        _truncateAfter = last;
        Lose();
    }

    private void Lose()
    {
        if (_lost is { HighestAcknowledged: null })
        {
            return;
        }

        EntryId highest = _found.Last;
        _lost = _lost is { HighestAcknowledged: { } earlier } && earlier.IsAtLeastAsUpToDateAs(highest) ? _lost : new LostEntries(highest);
    }

    private LogWrite? FirstWrite()
    {
        // The commit index is a hint. For its sake nothing is written.
        bool isLossNew = _lost != _found.Lost;
        bool isStateNew = _hardState with { Commit = LogIndex.Zero } != _found.HardState with { Commit = LogIndex.Zero };
        if (!_isReset && !_isCompacted && _truncateAfter is null && !isLossNew && !isStateNew)
        {
            return null;
        }

        var write = new LogWrite();
        write.Begin(_id);
        write.HardState = isStateNew ? _hardState : null;
        write.Lost = isLossNew ? _lost : null;
        write.TruncateAfter = _truncateAfter;
        if (_isReset || _isCompacted)
        {
            write.Start = LogStart.Of(_start, _membershipAtStart.Index, _membershipAtStart.Membership);
            write.IsReset = _isReset;
        }

        return write;
    }
}
