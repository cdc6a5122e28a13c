using System.Buffers.Binary;
using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>A group while the log is read: what its records say, and what damage may have taken from it.</summary>
internal sealed class GroupRecovery(GroupLog log)
{
    private readonly SortedDictionary<ulong, (ulong Term, byte[] Body)> _memberships = [];
    private ulong? _suspectAbove;
    private bool _isPending;
    private ulong _commitBeforeDamage;
    private bool _hasStart = true;
    private bool _isTruncatedToCertainty;
    private (ulong Index, ulong SurelyRight)? _stale;

    internal GroupLog Log => log;

    /// <summary>Records are missing, from here on until a row says whether they were this group's.</summary>
    internal void MeetDamage()
    {
        if (!_isPending)
        {
            (_isPending, _isTruncatedToCertainty) = (true, false);
            _commitBeforeDamage = Math.Min(log.HardState.Commit.Value, log.Last.Index.Value);
        }
    }

    internal void Append(in RecordHeader header, ulong segment, long offset, ReadOnlySpan<byte> body, bool isBodyIntact)
    {
        ulong index = header.Index;
        if ((header.Flags & RecordFlags.Moved) != 0)
        {
            // It may lie above what is known so far: in the first batch of a segment it comes before the row that says how far.
            if (index > log.Start.At.Index.Value)
            {
                Place(header, segment, offset, body, isBodyIntact);
            }

            return;
        }

        if (index <= log.Start.At.Index.Value)
        {
            // Compacted away, whatever it says.
            return;
        }

        if (index <= log.Last.Index.Value)
        {
            // A truncation went missing, or this is the first segment read and its end tells the rest.
            Cut(index - 1);
        }

        log.Last = EntryId.Of(header.Term, index);
        Place(header, segment, offset, body, isBodyIntact);
    }

    internal void Truncate(ulong after)
    {
        Cut(Math.Max(after, log.Start.At.Index.Value));
        if (_suspectAbove >= after)
        {
            _suspectAbove = null;
        }

        // Nothing is left that missing records could have replaced: as a start writes it that met this damage before.
        _isTruncatedToCertainty |= _isPending && after <= _commitBeforeDamage;
    }

    /// <summary>Drops what lies above an index and in segments below a number: what a retired segment said.</summary>
    internal void TruncateBelow(ulong after, ulong segment)
    {
        IntervalMap.Run[] dead = [.. log.Index.Segments.ToArray().Where(run => run.Value < segment && run.Last > after)];
        foreach (IntervalMap.Run run in dead)
        {
            for (ulong index = Math.Max(run.First, after + 1); index <= run.Last; index++)
            {
                log.Index.Forget(index);
                log.Terms.Remove(index);
            }
        }
    }

    internal void BeginAt(in RecordHeader header, ReadOnlySpan<byte> body, bool isBodyIntact)
    {
        bool isReset = (header.Flags & RecordFlags.Reset) != 0;
        var at = EntryId.Of(header.Term, header.Index);
        if (at.Index < log.Start.At.Index)
        {
            // Starts rise. The group was removed and founded again, and the record that said so has gone with its segment.
            isReset = true;
        }

        _hasStart = isBodyIntact && body.Length >= sizeof(ulong);
        LogStart start = _hasStart
            ? new LogStart(at, new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(body)), body[sizeof(ulong)..].ToArray())
            : new LogStart(at, LogIndex.Zero, default);
        if (isReset || at.Index >= log.Last.Index)
        {
            _suspectAbove = null;
        }

        log.CompactTo(start, isReset);
    }

    /// <summary>A row says what the group is after a batch.</summary>
    /// <param name="row">The row.</param>
    /// <param name="damagedThrough">The last batch of which records are missing.</param>
    /// <param name="segment">The segment that the row lies in.</param>
    internal void Agree(in GroupRow row, ulong damagedThrough, ulong segment)
    {
        if (_isPending)
        {
            bool isUntouched = row.Batch == log.TouchedBy || (row.PreviousBatch == log.TouchedBy && row.Batch > damagedThrough);
            if (!isUntouched && !_isTruncatedToCertainty)
            {
                _suspectAbove = Math.Min(_suspectAbove ?? ulong.MaxValue, _commitBeforeDamage);
            }

            _isPending = false;
        }

        (log.HardState, log.Lost) = (row.HardState, row.Lost);
        (log.TouchedBy, log.TouchedBefore) = (row.Batch, row.PreviousBatch);
        if (row.Start.Index != log.Start.At.Index)
        {
            // A higher one has been missed. A lower one is that of another life, and no start is the only one without a record.
            _hasStart = row.Start.Index == LogIndex.Zero;
            if (row.Start.Index < log.Start.At.Index)
            {
                TruncateBelow(0, segment);
                log.Start = new LogStart(row.Start, LogIndex.Zero, default);
            }
            else
            {
                log.CompactTo(new LogStart(row.Start, LogIndex.Zero, default), isReset: false);
            }
        }

        if (row.Last.Index < log.Start.At.Index)
        {
            // It says that the log ends before it begins. One of the two is wrong, and what was compacted away is unknown.
            _hasStart = false;
            return;
        }

        Cut(row.Last.Index.Value);
        if (row.Last != log.Last)
        {
            if (row.Last.Index == log.Last.Index && log.Terms.TryFind(row.Last.Index.Value, out ulong term) && term != row.Last.Term.Value)
            {
                // The truncation went with a segment that was retired, and what replaced these entries was moved: it comes yet.
                // If it doesn't, what lies between is anybody's guess.
                log.Index.Forget(row.Last.Index.Value);
                _stale = (row.Last.Index.Value, Math.Min(row.HardState.Commit.Value, row.Last.Index.Value - 1));
            }

            log.Last = row.Last;
        }
    }

    /// <summary>Takes stock: what is missing is cut off, with everything above it, and known to be lost.</summary>
    /// <returns>Whether the log has to be truncated on disk too.</returns>
    internal bool Conclude(List<string> notes)
    {
        ulong start = log.Start.At.Index.Value;
        EntryId highest = log.Last;
        ulong intact = highest.Index.Value;
        if (log.Index.FindHole(start, intact) is { } hole)
        {
            intact = _stale is { } stale && hole == stale.Index ? Math.Min(hole - 1, stale.SurelyRight) : hole - 1;
        }

        intact = Math.Max(Math.Min(intact, _suspectAbove ?? ulong.MaxValue), start);
        if (!_hasStart)
        {
            intact = start;
        }

        bool isVoteKnown = !_isPending;
        bool hasLost = intact < highest.Index.Value || _isPending || !_hasStart;
        if (hasLost)
        {
            EntryId? earlier = log.Lost is { } before ? before.HighestAcknowledged : EntryId.Zero;
            EntryId? mark = isVoteKnown && earlier is { } known ? (known.IsAtLeastAsUpToDateAs(highest) ? known : highest) : null;
            log.Lost = new LostEntries(mark);
            Cut(intact);
            notes.Add(
                $"{log.Id} lost entries: it holds them up to {log.Last} and may have acknowledged "
                + $"{(mark is { } id ? $"up to {id}" : "more, nobody knows how far")}. It votes with care and refills from its leader.");
        }

        // What a torn batch took with it was not acknowledged, nor is the commit index that came with it.
        log.HardState = log.HardState with { Commit = LogIndex.Min(log.HardState.Commit, log.Last.Index) };
        return hasLost;
    }

    internal RecoveredGroup ToResult()
    {
        ImmutableArray<TermRun>.Builder runs = ImmutableArray.CreateBuilder<TermRun>();
        foreach (IntervalMap.Run run in log.Terms.Runs)
        {
            runs.Add(new TermRun(new Term(run.Value), new LogIndex(run.First), new LogIndex(run.Last)));
        }

        ImmutableArray<(LogIndex, ReadOnlyMemory<byte>)>.Builder memberships = ImmutableArray.CreateBuilder<(LogIndex, ReadOnlyMemory<byte>)>();
        foreach ((ulong index, (ulong term, byte[] body)) in _memberships)
        {
            if (index > log.Start.At.Index.Value && index <= log.Last.Index.Value && log.Terms.TryFind(index, out ulong now) && now == term)
            {
                memberships.Add((new LogIndex(index), body));
            }
        }

        return new RecoveredGroup(log.Id, log.HardState, log.Start, runs.ToImmutable(), memberships.ToImmutable(), log.Lost);
    }

    private void Place(in RecordHeader header, ulong segment, long offset, ReadOnlySpan<byte> body, bool isBodyIntact)
    {
        if (!isBodyIntact)
        {
            log.Index.Forget(header.Index);
            return;
        }

        log.Terms.Set(header.Index, header.Term);
        log.Index.Set(header.Index, segment, offset);
        if (header.Kind == RecordKind.Membership)
        {
            _memberships[header.Index] = (header.Term, body.ToArray());
        }
        else
        {
            _memberships.Remove(header.Index);
        }
    }

    // As a truncation, but terms may be unknown here.
    private void Cut(ulong index)
    {
        log.Terms.RemoveAbove(index);
        log.Index.RemoveAbove(index);
        if (index < log.Last.Index.Value)
        {
            log.Last = index == log.Start.At.Index.Value ? log.Start.At
                : EntryId.Of(log.Terms.TryFind(index, out ulong term) ? term : 0, index);
        }
    }
}
