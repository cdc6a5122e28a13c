using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <content>Batches: staged, written by one call, made durable by one flush.</content>
public sealed partial class WriteAheadLog
{
    private readonly TailBlock[] _blocks;

    // The second of them keeps groups whose row is no longer due: finding them in it would cost more than passing over them.
    private List<GroupLog> _touched = [];
    private List<GroupLog> _touchedBefore = [];
    private int _rowsDue;

    private Segment? _active;
    private long _position;
    private TailBlock? _block;
    private int _nextBlock;
    private int _batchAt;
    private int _records;
    private bool _isOpen;
    private bool _hasAllRows;

    /// <summary>Whether something waits for <see cref="Write"/>.</summary>
    public bool HasStaged => _isOpen;

    /// <summary>Whether the last batch isn't proven durable by anything behind it: when idle, <see cref="StageMark()"/>.</summary>
    public bool WantsMark => !_isOpen && _active is not null && _batch > _markedBatch;

    /// <summary>How many bytes the batch has so far.</summary>
    public int StagedBytes => _block is null ? 0 : _block.Used - _batchAt;

    /// <summary>How many bytes the batches took that were written since the log was opened.</summary>
    public long WrittenBytes { get; private set; }

    private int RowCount => _hasAllRows ? _groups.Count : _touched.Count + _rowsDue;

    /// <summary>Puts a write into the batch. Nothing is durable by that, but readers see it.</summary>
    /// <param name="write">The log's until a <see cref="FlushToken"/> covers it, or it's refused.</param>
    /// <exception cref="ArgumentException">An entry doesn't follow the log, is too large, or its bytes aren't those it was born with. Nothing was taken.</exception>
    /// <exception cref="StorageRefusedException">The segments are too small for so many groups, or for an entry that an earlier start took.</exception>
    /// <exception cref="StorageFailedException">The log is over.</exception>
    public StageOutcome Stage(LogWrite write)
    {
        ArgumentNullException.ThrowIfNull(write);
        ThrowIfFailed();
        try
        {
            if (!BuildOn())
            {
                return StageOutcome.NoSpace;
            }

            lock (_gate)
            {
                return StageLocked(write);
            }
        }
        catch (DiskException failure)
        {
            throw Fail(failure);
        }
    }

    /// <summary>An empty batch behind the last, in a block of its own: proof that the last was durable, even if it rots.</summary>
    /// <returns>False if there is no room for it in the segment; nothing is staged then.</returns>
    public bool StageMark() => StageMark(RecordFlags.None);

    /// <summary>Writes the batch, by one call. It isn't durable.</summary>
    /// <exception cref="StorageFailedException">Any part of it may have been written. The log is over.</exception>
    /// <exception cref="InvariantViolationException">Nothing is staged.</exception>
    public void Write()
    {
        ThrowIfFailed();
        Invariant.Check(_isOpen && _block is not null && _active is not null);
        ReadOnlyMemory<byte> batch;
        lock (_gate)
        {
            StageEnd(RecordFlags.None);
            batch = _block.Memory(_batchAt, _block.Used - _batchAt);
        }

        WriteBatch(batch);
    }

    /// <summary>Makes the batch durable, and with it all that was staged.</summary>
    /// <returns>The proof.</returns>
    /// <exception cref="StorageFailedException">It is unknown whether it is. The log is over.</exception>
    /// <exception cref="InvariantViolationException">What is staged hasn't been written, or nothing ever was.</exception>
    public FlushToken Flush()
    {
        ThrowIfFailed();
        Invariant.Check(!_isOpen && _active is not null);
        try
        {
            if (Planted.RetiredBeforeFlush)
            {
                Recycle();
            }

            if (Planted.DurableBeforeFlushEnds)
            {
                _durableBatch = _batch;
            }

            FlushToken token = FlushToken.Flush(_active.File, _batch);
            _durableBatch = token.Batch;
            if (_active.Number > _identity!.NewestSegment)
            {
                _identity.Note(_active.Number);
            }

            Recycle();
            return token;
        }
        catch (DiskException failure)
        {
            throw Fail(failure);
        }
    }

    private StageOutcome StageLocked(LogWrite write)
    {
        if (!write.IsBegun)
        {
            ThrowIfUnfit(write);
        }

        if ((IsOnReserve && !write.IsEssential) || (_active is null && !TryRoll(write.IsEssential)))
        {
            return StageOutcome.NoSpace;
        }

        while (true)
        {
            long needed = ExtentOfNext(write);
            switch (MakeRoom(needed, write.IsEssential))
            {
                case StageOutcome.BatchFull:
                    return StageOutcome.BatchFull;
                case StageOutcome.NoSpace:
                    return StageOutcome.NoSpace;
                default:
                    StageNext(write);
                    break;
            }

            if (write.Staged == write.Count)
            {
                write.Batch = _batch;
                return StageOutcome.Staged;
            }
        }
    }

    // The door that everything comes in by: what passes here is on disk for good.
    private void ThrowIfUnfit(LogWrite write)
    {
        // A write that is refused, here or for want of space, brings no group into being.
        (LogIndex last, LogIndex compacted) = Find(write.Group) is { } group
            ? (group.Last.Index, group.Start.At.Index) : (LogIndex.Zero, LogIndex.Zero);
        if (write.Start is { } start)
        {
            last = write.IsReset || start.At.Index > last ? start.At.Index : last;
        }

        if (write.TruncateAfter is { } after)
        {
            last = LogIndex.Min(last, after);
            if (after < (write.Start?.At.Index ?? compacted))
            {
                throw new ArgumentException($"{write.Group} can't be truncated after {after}: it is compacted up to {write.Start?.At.Index ?? compacted}.", nameof(write));
            }
        }

        foreach (ref readonly StoredEntry entry in write.Entries)
        {
            if (entry.Id.Index != last.Next)
            {
                throw new ArgumentException($"{write.Group} ends at {last}; {entry} doesn't follow.", nameof(write));
            }

            if (entry.Payload.Length > _options.MaxPayloadBytes)
            {
                throw new ArgumentException($"{entry} is larger than {_options.MaxPayloadBytes} bytes, the most that an entry of this log may have.", nameof(write));
            }

            if (!write.IsCompared && !entry.IsIntact)
            {
                throw new ArgumentException($"{entry} isn't what it was when it was born: its checksum is {entry.Checksum:x8}.", nameof(write));
            }

            last = entry.Id.Index;
        }
    }

    private static long ExtentOfNext(LogWrite write)
    {
        if (write.IsBegun)
        {
            return RecordHeader.ExtentOf(write.Entries[write.Staged].Payload.Length);
        }

        long extent = write.Start is { } start ? RecordHeader.ExtentOf(8 + start.Membership.Length) : 0;
        return extent + (write.TruncateAfter is null ? 0 : RecordHeader.Size) + (write.IsRemoval ? RecordHeader.Size : 0)
            + (write.Count > 0 ? RecordHeader.ExtentOf(write.Entries[0].Payload.Length) : 0);
    }

    // Sees to it that a record of this extent fits, and the end of the batch behind it.
    private StageOutcome MakeRoom(long extent, bool isEssential)
    {
        if (!Fits(extent))
        {
            if (_isOpen)
            {
                return StageOutcome.BatchFull;
            }

            if (!FitsSegment(extent) && _position > SegmentHeader.Size && !TryRoll(isEssential))
            {
                return StageOutcome.NoSpace;
            }

            if (!FitsSegment(extent))
            {
                throw new StorageRefusedException(
                    $"What {_groups.Count} groups need at the start of a segment leaves no room for {extent} bytes in one of {_options.SegmentBytes}. Choose larger segments.");
            }

            if (!Fits(extent))
            {
                TakeBlock(extent + EndExtent());
            }
        }

        if (!_isOpen)
        {
            BeginBatch();
        }

        return StageOutcome.Staged;
    }

    private bool Fits(long extent) => FitsSegment(extent) && _block is { } block && block.Room >= extent + EndExtent();

    private bool FitsSegment(long extent) => _active is { } active && active.Size - _position - StagedInSegment >= extent + EndExtent();

    private long StagedInSegment => _isOpen ? StagedBytes : 0;

    // What the end of the batch takes, with a row for one group more, and its beginning if it hasn't begun.
    private long EndExtent()
    {
        long extent = RecordHeader.ExtentOf((RowCount + 1L) * GroupRow.Size);
        if (_isOpen)
        {
            return extent;
        }

        extent += _retirable.Count * (long)RecordHeader.Size;

        if (_position == SegmentHeader.Size)
        {
            extent += RecordHeader.ExtentOf(_segments.Count * (long)NamedSegmentSize);
            foreach (GroupLog group in _groups.Values)
            {
                extent += group.Start.At == EntryId.Zero ? 0 : RecordHeader.ExtentOf(sizeof(ulong) + group.Start.Membership.Length);
                extent += RecordHeader.ExtentOf((group.Terms.Count + group.Index.Segments.Length) * (long)EntryRun.Size);
            }
        }

        return extent;
    }

    private void StageNext(LogWrite write)
    {
        GroupLog group = GroupOf(write.Group);
        Touch(group);
        if (!write.IsBegun)
        {
            write.IsBegun = true;
            Begin(group, write);
        }

        if (write.Staged < write.Count)
        {
            ref readonly StoredEntry entry = ref write.Entries[write.Staged++];
            long at = StageEntry(group.Id, entry, RecordFlags.None);
            group.Append(entry.Id, _active!.Number, at);
            _active.LiveEntries++;
            _active.Entries++;
        }
    }

    private void Begin(GroupLog group, LogWrite write)
    {
        if (write.HardState is { } state)
        {
            group.HardState = state;
        }

        if (write.ForgetsLoss)
        {
            group.Lost = null;
        }

        if (write.Lost is { } lost)
        {
            group.Lost = lost;
        }

        if (write.Start is { } start)
        {
            StageStart(group.Id, start, write.IsReset ? RecordFlags.Reset : RecordFlags.None);
            bool dropsAll = write.IsReset || start.At.Index >= group.Last.Index;
            Release(group, LogIndex.Zero, dropsAll ? new LogIndex(ulong.MaxValue) : start.At.Index);

            // The caller may use the bytes of its configuration again.
            group.CompactTo(start with { Membership = start.Membership.ToArray() }, write.IsReset);
        }

        if (write.TruncateAfter is { } after)
        {
            if (!Planted.TruncationNotRecorded)
            {
                StageRecord(new RecordHeader { Kind = RecordKind.Truncate, Group = group.Id.Value, Index = after.Value }, default, checksum: null);
            }

            Release(group, after, new LogIndex(ulong.MaxValue));
            group.TruncateAfter(after);
        }

        if (write.IsRemoval)
        {
            StageRecord(new RecordHeader { Kind = RecordKind.Remove, Group = group.Id.Value }, default, checksum: null);
            Release(group, LogIndex.Zero, new LogIndex(ulong.MaxValue));
            group.Index.Clear();
            _groups.Remove(group.Id);
            _touched.Remove(group);
            DropRow(group);
            _lastGroup = null;
        }
    }

    // Entries in (after, through] of the group are needed no more.
    private void Release(GroupLog group, LogIndex after, LogIndex through)
    {
        foreach (IntervalMap.Run run in group.Index.Segments)
        {
            ulong first = Math.Max(run.First, after.Value + 1);
            ulong last = Math.Min(run.Last, through.Value);
            if (first <= last && _segments.TryGetValue(run.Value, out Segment? segment))
            {
                segment.LiveEntries -= (long)(last - first + 1);
                NoteIfRetirable(segment);
            }
        }
    }

    private void Touch(GroupLog group)
    {
        if (group.TouchedBy != _batch)
        {
            (group.TouchedBefore, group.TouchedBy) = (group.TouchedBy, _batch);
            _touched.Add(group);
            DropRow(group);
        }
    }

    // As one of the batch before: it has a row as one of this batch, or none because it is gone.
    private void DropRow(GroupLog group)
    {
        if (group.IsRowDue)
        {
            group.IsRowDue = false;
            _rowsDue--;
        }
    }

    private void BeginBatch()
    {
        // What all of recovery rests on: nobody begins a batch before the one ahead of it is durable.
        Invariant.Check(_durableBatch == _batch, _durableBatch, _batch);
        _isOpen = true;
        _batch++;
        _batchAt = _block!.Used;
        if (_position == SegmentHeader.Size)
        {
            StageSegmentStart();
        }

        StageRetirements();
    }

    private bool StageMark(RecordFlags flags)
    {
        ThrowIfFailed();
        Invariant.Check(!_isOpen);
        try
        {
            return TryStageMark(flags);
        }
        catch (DiskException failure)
        {
            throw Fail(failure);
        }
    }

    private bool TryStageMark(RecordFlags flags)
    {
        lock (_gate)
        {
            if (_active is null || _position == SegmentHeader.Size)
            {
                return false;
            }

            // A block of its own, if there is one: what rots the last batch then leaves the mark.
            long aligned = (_position + SegmentHeader.Size - 1) / SegmentHeader.Size * SegmentHeader.Size;
            if (aligned + EndExtent() <= _active.Size)
            {
                _position = aligned;
            }
            else if (!FitsSegment(0) && !TryRoll(isEssential: true))
            {
                return false;
            }

            TakeBlock(EndExtent());
            BeginBatch();
            StageEnd(flags);
            _isMark = true;
        }

        return true;
    }

    private void StageEnd(RecordFlags flags)
    {
        if (_isEnded)
        {
            return;
        }

        Span<byte> body = _block!.At(_block.Used + RecordHeader.Size);
        int length = 0;
        if (_hasAllRows)
        {
            foreach (GroupLog group in _groups.Values)
            {
                group.Row.Write(body[length..]);
                length += GroupRow.Size;
            }
        }
        else
        {
            foreach (GroupLog group in _touched)
            {
                group.Row.Write(body[length..]);
                length += GroupRow.Size;
            }

            foreach (GroupLog group in Planted.RowNotRepeated ? [] : _touchedBefore)
            {
                if (group.IsRowDue)
                {
                    group.Row.Write(body[length..]);
                    length += GroupRow.Size;
                }
            }
        }

        var header = new RecordHeader
        {
            Kind = RecordKind.End,
            Flags = flags,
            Index = (ulong)_records + 1,
            Term = Incarnation.Value,
            Length = (uint)length,
        };
        header.BodyChecksum = EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, body[..length]);
        Conclude(ref header, length);
        _isEnded = true;
    }

    private long StageEntry(GroupId group, in StoredEntry entry, RecordFlags flags)
    {
        var header = new RecordHeader
        {
            Kind = (RecordKind)entry.Kind,
            Flags = flags | (entry.IsHeaderOnly ? RecordFlags.HeadersOnly : RecordFlags.None),
            Group = group.Value,
            Index = entry.Id.Index.Value,
            Term = entry.Id.Term.Value,
        };
        return StageRecord(header, entry.Payload.Span, entry.Checksum);
    }

    private void StageStart(GroupId group, in LogStart start, RecordFlags flags)
    {
        Span<byte> body = _block!.At(_block.Used + RecordHeader.Size);
        int length = 8 + start.Membership.Length;
        BinaryPrimitives.WriteUInt64LittleEndian(body, start.MembershipIndex.Value);
        start.Membership.Span.CopyTo(body[8..]);
        var header = new RecordHeader
        {
            Kind = RecordKind.Start,
            Flags = flags,
            Group = group.Value,
            Index = start.At.Index.Value,
            Term = start.At.Term.Value,
            Length = (uint)length,
        };
        header.BodyChecksum = EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, body[..length]);
        Conclude(ref header, length);
    }

    // Returns where in the segment the record lies.
    private long StageRecord(RecordHeader header, ReadOnlySpan<byte> body, uint? checksum)
    {
        body.CopyTo(_block!.At(_block.Used + RecordHeader.Size));
        header.Length = (uint)body.Length;
        header.BodyChecksum = checksum ?? EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, body);
        return Conclude(ref header, body.Length);
    }

    private long Conclude(ref RecordHeader header, int length)
    {
        TailBlock block = _block!;
        long at = block.Base + block.Used;
        int extent = (int)RecordHeader.ExtentOf(length);
        header.Previous = _check;
        header.Sequence = ++_sequence;
        header.Batch = _batch;
        header.Segment = (uint)(_active!.Number & uint.MaxValue);
        header.Write(block.At(block.Used), _salt);
        block.At(block.Used + RecordHeader.Size + length)[..(extent - RecordHeader.Size - length)].Clear();
        block.Used += extent;
        _check = header.Check;
        _records++;
        return at;
    }

    private void WriteBatch(ReadOnlyMemory<byte> batch)
    {
        try
        {
            _active!.File.Write(batch.Span, _position);
        }
        catch (DiskException failure)
        {
            throw Fail(failure);
        }

        lock (_gate)
        {
            _position += batch.Length;
            WrittenBytes += batch.Length;
            _markedBatch = _isMark ? _batch : _markedBatch;
            (_records, _isOpen, _isEnded, _isMark, _hasAllRows) = (0, false, false, false, false);
            PassOnRows();
        }
    }

    // The next batch says it again of what this one touched.
    private void PassOnRows()
    {
        foreach (GroupLog group in _touchedBefore)
        {
            group.IsRowDue = false;
        }

        _touchedBefore.Clear();
        (_touched, _touchedBefore) = (_touchedBefore, _touched);
        foreach (GroupLog group in _touchedBefore)
        {
            group.IsRowDue = true;
        }

        _rowsDue = _touchedBefore.Count;
    }

    // Batches never span blocks: the rest of this one stays empty, and the oldest of the cache gives its place.
    private void TakeBlock(long least)
    {
        if (_blocks[_nextBlock].Size < least)
        {
            _blocks[_nextBlock] = new TailBlock((int)least);
        }

        _block = _blocks[_nextBlock];
        _nextBlock = (_nextBlock + 1) % _blocks.Length;
        _block.Begin(_active!.Number, _position);
        _batchAt = 0;
    }
}
