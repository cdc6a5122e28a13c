using System.Buffers.Binary;
using System.Collections.Immutable;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>A group while the log is read: what its records say, and what damage may have taken from it.</summary>
internal sealed class GroupRecovery(GroupLog log)
{
    private readonly SortedDictionary<ulong, (ulong Term, byte[] Body)> _memberships = [];

    // Where the newest segment says that the older entries lie.
    private readonly IntervalMap _expected = new();

    private ulong? _suspectAbove;
    private bool _isPending;
    private ulong _commitBeforeDamage;
    private bool _hasStart = true;

    internal GroupLog Log => log;

    /// <summary>Records are missing, from here on until a row says whether they were this group's.</summary>
    internal void MeetDamage()
    {
        if (!_isPending)
        {
            _isPending = true;
            _commitBeforeDamage = Math.Min(log.HardState.Commit.Value, log.Last.Index.Value);
        }
    }

    /// <summary>The first batch of a segment says which entries live in older ones.</summary>
    internal void Expect(ulong born, ReadOnlySpan<byte> runs)
    {
        if (born > log.Born)
        {
            // What is still missing is this life's, and of its commit index nothing is known.
            bool isPending = _isPending;
            BeginAnew();
            (_isPending, _commitBeforeDamage) = (isPending, 0);
        }

        log.Born = born;
        log.Terms.Clear();
        log.Index.Clear();
        _expected.Clear();
        for (int at = 0; at + EntryRun.Size <= runs.Length; at += EntryRun.Size)
        {
            EntryRun run = EntryRun.Read(runs[at..]);
            log.Terms.Append(new IntervalMap.Run(run.First, run.Last, run.Term));
            _expected.Append(new IntervalMap.Run(run.First, run.Last, run.Segment));
            log.Last = EntryId.Of(run.Term, run.Last);
        }
    }

    /// <summary>An older segment holds this entry. It is taken if it is one of those that live there, and nothing newer is known.</summary>
    /// <remarks>
    /// Index, term and segment name an entry but for one case: a group that was removed and founded again may have the same ones twice.
    /// Hence the question when it was born. Of two in one segment the later counts.
    /// </remarks>
    internal void Offer(in RecordHeader header, ulong segment, long offset, ReadOnlySpan<byte> body)
    {
        ulong index = header.Index;
        bool isKnown = log.Index.TryFind(index, out ulong known, out _);
        if (index > log.Start.At.Index.Value && index <= log.Last.Index.Value && header.Sequence > log.Born && (!isKnown || known == segment)
            && ((_expected.TryFind(index, out ulong expected) && expected == segment) || Planted.DeadEntriesBelieved)
            && log.Terms.TryFind(index, out ulong term) && (term == header.Term || Planted.DeadEntriesBelieved))
        {
            Place(header, segment, offset, body, isBodyIntact: true);
        }
    }

    internal void Append(in RecordHeader header, ulong segment, long offset, ReadOnlySpan<byte> body, bool isBodyIntact)
    {
        ulong index = header.Index;
        if ((header.Flags & RecordFlags.Moved) != 0)
        {
            if (index > log.Start.At.Index.Value && index <= log.Last.Index.Value)
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

        // Only behind damage does it not follow: a truncation went missing, or entries did.
        Cut(index - 1);
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
    }

    internal void BeginAt(in RecordHeader header, ReadOnlySpan<byte> body, bool isBodyIntact)
    {
        bool isReset = (header.Flags & RecordFlags.Reset) != 0;
        var at = EntryId.Of(header.Term, header.Index);
        if ((at.Index < log.Start.At.Index || (at == log.Start.At && _hasStart && !isBodyIntact)) && !isReset)
        {
            return;
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
    internal void Agree(in GroupRow row, ulong damagedThrough)
    {
        if (row.Born > log.Born)
        {
            BeginAnew();
        }

        log.Born = row.Born;
        if (_isPending)
        {
            bool isUntouched = Planted.DamageForgiven || row.Batch == log.TouchedBy || (row.PreviousBatch == log.TouchedBy && row.Batch > damagedThrough);
            if (!isUntouched)
            {
                _suspectAbove = Math.Min(_suspectAbove ?? ulong.MaxValue, _commitBeforeDamage);
            }

            _isPending = false;
        }

        (log.HardState, log.Lost) = (row.HardState, row.Lost);
        (log.TouchedBy, log.TouchedBefore) = (row.Batch, row.PreviousBatch);
        if (row.Start.Index > log.Start.At.Index)
        {
            _hasStart = false;
            log.CompactTo(new LogStart(row.Start, LogIndex.Zero, default), isReset: false);
        }

        if (row.Last.Index < log.Start.At.Index)
        {
            // It says that the log ends before it begins. One of the two is wrong, and what was compacted away is unknown.
            _hasStart = false;
            return;
        }

        if (row.Last != log.Last)
        {
            Cut(row.Last.Index.Value);
            if (log.Terms.TryFind(row.Last.Index.Value, out ulong term) && term != row.Last.Term.Value)
            {
                // Another entry stands where the last one should: what lies between is anybody's guess.
                _suspectAbove = Math.Min(_suspectAbove ?? ulong.MaxValue, Math.Min(row.HardState.Commit.Value, row.Last.Index.Value - 1));
            }

            log.Last = row.Last;
        }
    }

    // It was removed and founded again, and what says so is missing. All that was known of it is of another life.
    private void BeginAnew()
    {
        log.CompactTo(LogStart.Zero, isReset: true);
        _expected.Clear();
        _memberships.Clear();
        (_hasStart, _isPending, _suspectAbove) = (true, false, null);
    }

    /// <summary>Takes stock: what is missing is cut off, with everything above it, and known to be lost.</summary>
    /// <returns>Whether the log has to be truncated on disk too.</returns>
    internal bool Conclude(List<string> notes)
    {
        ulong start = log.Start.At.Index.Value;
        EntryId highest = log.Last;
        ulong intact = highest.Index.Value;
        string missing = "";
        if (log.Index.FindHole(start, intact) is { } hole)
        {
            intact = hole - 1;
            missing = _expected.TryFind(hole, out ulong segment)
                ? $"Entry {hole} can't be read in segment {Segment.NameOf(segment)}. " : $"Entry {hole} can't be read. ";
        }

        // What nobody has vouched for since may have been replaced by what is missing, down to what was committed then.
        ulong certain = Math.Min(_suspectAbove ?? ulong.MaxValue, _isPending ? _commitBeforeDamage : ulong.MaxValue);
        intact = Math.Max(Math.Min(intact, certain), start);
        if (!_hasStart)
        {
            intact = start;
        }

        bool hasLost = intact < highest.Index.Value || _isPending || !_hasStart;
        if (hasLost)
        {
            EntryId? earlier = log.Lost is { } before ? before.HighestAcknowledged : EntryId.Zero;
            EntryId? mark = !_isPending && earlier is { } known ? (known.IsAtLeastAsUpToDateAs(highest) ? known : highest) : null;
            log.Lost = new LostEntries(mark);
            Cut(intact);
            notes.Add(
                $"{log.Id} lost entries. {missing}It holds them up to {log.Last} and may have acknowledged "
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
        log.Terms.Set(header.Index, header.Term);
        _memberships.Remove(header.Index);
        if (!isBodyIntact)
        {
            log.Index.Forget(header.Index);
            return;
        }

        log.Index.Set(header.Index, segment, offset);
        if (header.Kind == RecordKind.Membership)
        {
            _memberships[header.Index] = (header.Term, body.ToArray());
        }
    }

    // As a truncation, but terms may be unknown here.
    private void Cut(ulong index)
    {
        if (index < log.Last.Index.Value)
        {
            log.Terms.RemoveAbove(index);
            log.Index.RemoveAbove(index);
            log.Last = index == log.Start.At.Index.Value ? log.Start.At
                : EntryId.Of(log.Terms.TryFind(index, out ulong term) ? term : 0, index);
        }
    }
}
