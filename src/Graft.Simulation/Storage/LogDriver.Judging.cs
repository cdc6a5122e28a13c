using System.Collections.Immutable;
using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <content>Opens the log, and judges what it found.</content>
internal sealed partial class LogDriver
{
    /// <summary>Opens the log and holds it to the model.</summary>
    internal void Open()
    {
        // A start that drops the window and dies leaves batches of its own: what was newest for the first start counts for all.
        _newest = IsRotten ? Math.Min(_newest, NewestBatch()) : ulong.MaxValue;
        ulong newest = _newest;
        bool wasInterrupted = _isOpening;
        _isOpening = true;
        WriteAheadLog log = WriteAheadLog.Open(Disk, _options);
        _isOpening = false;
        Log = log;
        Require(log.Incarnation > _incarnation, $"incarnation {log.Incarnation} after {_incarnation}");
        _incarnation = log.Incarnation;
        ImmutableSortedDictionary<ulong, GroupState> found = Collect(log);
        ImmutableSortedDictionary<ulong, GroupState> matched = IsRotten ? JudgeRotten(log, found, newest) : JudgeHonest(log, found, wasInterrupted);
        ulong since = IsRotten ? newest : _durableBatch + 1;
        if (IsRotten)
        {
            // The number goes with the batch that rotted, if nothing of it is left.
            _durableBatch = log.DurableBatch;
            _history = _history.RemoveAll(known => known.Batch >= newest);
        }

        (IsRotten, _newest) = (false, ulong.MaxValue);
        _live = matched;
        _touchedBefore = (0, []);
        _staged.Clear();
        _inBatch.Clear();
        _truncated.Clear();
        if (log.IsProven)
        {
            (_acknowledged, _inFlight, _unproven) = (matched, null, null);
            if (since < log.DurableBatch)
            {
                // So it was since the batch that was in flight, or since what this start wrote anew.
                _history = _history.Add((since, matched));
            }

            _history = _history.Add((log.DurableBatch, matched));
        }
        else
        {
            _unproven = matched;
        }

        if (log.DurableBatch > _durableBatch)
        {
            _durableBatch = log.DurableBatch;
        }

        log.SettleGroups();
        _isCleanExpected = false;
        _canBeClean = log.Recovery.WasClean;
    }

    /// <summary>A call of the log hangs. What it calls durable is so if power is lost now, and others read meanwhile.</summary>
    internal void CheckStalled()
    {
        if (Log is not { IsProven: true } log)
        {
            return;
        }

        SimulatedDisk fork = Disk.Fork();
        fork.StopFaults();
        fork.QuotaBytes = null;
        fork.Crash(CrashMode.Drawn);
        LogDriver judge = On(fork);
        if (_inFlight is not null && log.DurableBatch > _batchBefore)
        {
            (judge._acknowledged, judge._inFlight) = (_inFlight, null);
        }

        judge.Open();
        judge.Log!.Dispose();
        if (_isWriting && _live.FirstOrDefault(group => group.Value.Last.Index > group.Value.Start.At.Index) is { Value: { } state } some)
        {
            Read(new GroupId(some.Key), state.Last.Index.Value, state.Last.Index.Value, mayFail: true);
        }
    }

    private ImmutableSortedDictionary<ulong, GroupState> JudgeHonest(
        WriteAheadLog log, ImmutableSortedDictionary<ulong, GroupState> found, bool wasInterrupted)
    {
        string notes = string.Join(' ', log.Recovery.Notes);
        Require(HasRotted || !log.Recovery.IsDamaged, $"an honest disk is called damaged: {notes}");
        Require(HasRotted || !log.Recovery.MayLackGroups, $"groups may be missing from an honest disk: {notes}");
        Require(log.DurableBatch >= _durableBatch, $"the log goes on from batch {log.DurableBatch} after {_durableBatch}: {notes}");
        Require(!_isCleanExpected || log.Recovery.WasClean, $"the log was closed in order and isn't called so: {notes}");
        Require(_canBeClean || !log.Recovery.WasClean, $"the log is called clean and wasn't closed in order: {notes}");
        if (wasInterrupted)
        {
            (_acknowledged, _inFlight) = (WithCommitOf(_acknowledged, found), _inFlight is null ? null : WithCommitOf(_inFlight, found));
        }

        string? difference = LogCompare.Differ(_acknowledged, found);
        if (difference is null)
        {
            return Known(_acknowledged, found);
        }

        string? other = _inFlight is null ? "none" : LogCompare.Differ(_inFlight, found);
        Require(other is null, $"the log isn't what was acknowledged ({difference}), nor that with what was in flight ({other}). {notes}");
        return Known(_inFlight!, found);
    }

    // A start that died may have written down the lower commit index of a log that it found shorter. It is a hint.
    private static ImmutableSortedDictionary<ulong, GroupState> WithCommitOf(
        ImmutableSortedDictionary<ulong, GroupState> wanted, ImmutableSortedDictionary<ulong, GroupState> found)
    {
        ImmutableSortedDictionary<ulong, GroupState>.Builder lowered = wanted.ToBuilder();
        foreach ((ulong id, GroupState state) in found)
        {
            if (wanted.TryGetValue(id, out GroupState? known) && state.Hard.Commit < known.Hard.Commit)
            {
                lowered[id] = known with { Hard = known.Hard with { Commit = state.Hard.Commit } };
            }
        }

        return lowered.ToImmutable();
    }

    // Nothing but what was acknowledged, or known to be lost. Wrong data never.
    private ImmutableSortedDictionary<ulong, GroupState> JudgeRotten(
        WriteAheadLog log, ImmutableSortedDictionary<ulong, GroupState> found, ulong newest)
    {
        string notes = string.Join(' ', log.Recovery.Notes);

        var right = new List<ImmutableSortedDictionary<ulong, GroupState>> { _acknowledged };
        if (_inFlight is not null)
        {
            right.Add(_inFlight);
        }

        // The one batch that rot may take unseen is the newest of which anything is left: it looks torn. Those behind it never were.
        foreach (ulong last in (ReadOnlySpan<ulong>)[newest, newest - 1])
        {
            int at = _history.FindLastIndex(known => known.Batch <= last);
            right.Add(at < 0 ? ImmutableSortedDictionary<ulong, GroupState>.Empty : _history[at].State);
        }

        bool isAnyLost = false;
        foreach (RecoveredGroup group in log.Recovery.Groups)
        {
            GroupState state = found[group.Id.Value];
            if (group.Lost is null)
            {
                continue;
            }

            isAnyLost = true;
            Losses++;
            GroupState[] known = [.. right.Where(candidate => candidate.ContainsKey(group.Id.Value)).Select(candidate => candidate[group.Id.Value])];
            Require(known.Length == 0 || known.Any(candidate => DifferWhereLost(candidate, state) is null) || IsOfAnEarlierLife(group.Id, state, known), $"g{group.Id.Value} lost entries, and {(known.Length == 0 ? "" : DifferWhereLost(known[0], state))}. {notes}");
        }

        right.RemoveAll(candidate => DifferBesidesLosses(log, candidate, found) is not null);
        Require(right.Count > 0, $"rot went unseen: {DifferBesidesLosses(log, _acknowledged, found)}. {notes}");
        Require(log.Recovery.IsDamaged || !isAnyLost || right[0].Values.Any(group => group.Lost is not null), $"entries are lost and the report says nothing: {notes}");
        return Known(right[0], found);
    }

    // What the format can't tell (section 1): all since the group's removal is lost, and the life before is shown, with nothing known.
    private bool IsOfAnEarlierLife(GroupId group, GroupState state, GroupState[] known) =>
        state.Lost is { HighestAcknowledged: null } && _history.Exists(earlier =>
            earlier.State.TryGetValue(group.Value, out GroupState? former) && known.All(candidate => former.Life < candidate.Life) && DifferWhereLost(former, state) is null);

    // A group without a loss is all that it was; they all are of one moment.
    private static string? DifferBesidesLosses(WriteAheadLog log, ImmutableSortedDictionary<ulong, GroupState> wanted, ImmutableSortedDictionary<ulong, GroupState> found)
    {
        foreach ((ulong id, GroupState state) in wanted)
        {
            if (!found.TryGetValue(id, out GroupState? other))
            {
                if (!log.Recovery.MayLackGroups)
                {
                    return FormattableString.Invariant($"g{id} isn't there, last was {state.Last}");
                }
            }
            else if (other.Lost is null && LogCompare.Differ(state, other) is { } difference)
            {
                return FormattableString.Invariant($"g{id}: {difference}");
            }
        }

        foreach ((ulong id, GroupState state) in found)
        {
            if (!wanted.ContainsKey(id) && state.Lost is null)
            {
                return FormattableString.Invariant($"g{id} is there and nothing is said of a loss");
            }
        }

        return null;
    }

    private static string? DifferWhereLost(GroupState wanted, GroupState found)
    {
        if (found.Lost?.HighestAcknowledged is { } highest)
        {
            // What was acknowledged since an earlier loss is in the log, or lost anew.
            if (!highest.IsAtLeastAsUpToDateAs(wanted.Last) && found.Last != wanted.Last)
            {
                return $"it says that it acknowledged up to {highest}, and it did up to {wanted.Last}";
            }

            if (wanted.Lost is { } earlier && !(earlier.HighestAcknowledged is { } before && highest.IsAtLeastAsUpToDateAs(before)))
            {
                return $"it says that it acknowledged up to {highest}, and earlier {earlier.HighestAcknowledged?.ToString() ?? "didn't know"}";
            }

            if (wanted.Hard with { Commit = default } != found.Hard with { Commit = default })
            {
                return $"its vote is said to be known and is {found.Hard} instead of {wanted.Hard}";
            }
        }
        else if (found.Hard.Term > wanted.Hard.Term)
        {
            return $"its hard state {found.Hard} never was; {wanted.Hard} was";
        }

        if (found.Start.At.Index > wanted.Start.At.Index)
        {
            return $"it begins at {found.Start.At} instead of {wanted.Start.At}";
        }

        ulong first = Math.Max(found.Start.At.Index.Value, wanted.Base.Index.Value) + 1;
        if (found.Last.Index > wanted.Last.Index && found.Last.Index > wanted.Start.At.Index)
        {
            return $"it has entries up to {found.Last}, and there were none above {wanted.Last}";
        }

        return LogCompare.DifferInEntries(wanted, found, first, found.Last.Index.Value);
    }

    // The found state, with the compacted entries that only the model knows.
    private static ImmutableSortedDictionary<ulong, GroupState> Known(
        ImmutableSortedDictionary<ulong, GroupState> wanted, ImmutableSortedDictionary<ulong, GroupState> found)
    {
        ImmutableSortedDictionary<ulong, GroupState>.Builder known = found.ToBuilder();
        foreach ((ulong id, GroupState state) in found)
        {
            if (wanted.TryGetValue(id, out GroupState? richer) && LogCompare.Differ(richer, state) is null)
            {
                known[id] = richer with { Hard = state.Hard };
            }
            else if (richer is not null)
            {
                known[id] = state with { Life = richer.Life };
            }
        }

        return known.ToImmutable();
    }

    private ImmutableSortedDictionary<ulong, GroupState> Collect(WriteAheadLog log)
    {
        ImmutableSortedDictionary<ulong, GroupState>.Builder found = ImmutableSortedDictionary.CreateBuilder<ulong, GroupState>();
        foreach (RecoveredGroup group in log.Recovery.Groups)
        {
            Require(log.LastOf(group.Id) == group.Last, $"g{group.Id.Value} ends at {log.LastOf(group.Id)} and was reported to end at {group.Last}");
            found.Add(group.Id.Value, new GroupState(group.HardState, group.Start, group.Start.At, ReadAll(log, group), group.Lost));
        }

        return found.ToImmutable();
    }

    private EntryList ReadAll(WriteAheadLog log, RecoveredGroup group)
    {
        GroupState? model = _acknowledged.GetValueOrDefault(group.Id.Value);
        EntryList entries = EntryList.Empty;
        int memberships = 0;
        int run = 0;
        ulong next = group.Start.At.Index.Value + 1;
        while (next <= group.Last.Index.Value)
        {
            LogReadOutcome outcome = log.Read(group.Id, new LogIndex(next), group.Last.Index, _buffer);
            Require(outcome == LogReadOutcome.Read && _buffer.Entries.Count > 0, $"g{group.Id.Value} {group.Start.At}..{group.Last} was recovered and {next} reads as {outcome}. {string.Join(' ', log.Recovery.Notes)}");
            foreach (StoredEntry entry in _buffer.Entries)
            {
                StoredEntry kept = Keep(model, entry, next);
                for (; run < group.Log.Length && group.Log[run].Last.Value < next; run++)
                {
                }

                Require(run < group.Log.Length && group.Log[run].First.Value <= next && group.Log[run].Term == kept.Id.Term, $"g{group.Id.Value} {kept} doesn't lie in {string.Join(' ', group.Log)}");
                if (kept.Kind == EntryKind.Membership)
                {
                    Require(
                        memberships < group.Memberships.Length && group.Memberships[memberships].Index == kept.Id.Index
                        && group.Memberships[memberships].Membership.Span.SequenceEqual(kept.Payload.Span),
                        $"g{group.Id.Value} doesn't report the membership in {kept}");
                    memberships++;
                }

                entries = entries.Add(kept);
                next++;
            }
        }

        Require(memberships == group.Memberships.Length, $"g{group.Id.Value} reports {group.Memberships.Length} memberships and has {memberships}");
        return entries;
    }

    // The buffer's bytes are the next read's. What equals the model's entry is that one, and was intact when it was born.
    private static StoredEntry Keep(GroupState? model, in StoredEntry entry, ulong index)
    {
        if (model is not null && model.Knows(index) && model.At(index) is var known && LogCompare.AreEqual(known, entry))
        {
            return known;
        }

        StoredEntry copy = entry with { Payload = entry.Payload.ToArray() };
        Require(copy.IsIntact && copy.Id.Index.Value == index, $"entry {index} reads as {copy}");
        return copy;
    }
}
