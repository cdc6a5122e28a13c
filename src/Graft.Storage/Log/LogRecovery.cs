using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Reads a log from disk and decides what of it is to be believed (docs/internals/storage-format.md, sections 3 and 4).</summary>
internal sealed partial class LogRecovery(IDisk disk, string directory, LogOptions options, ulong salt, Func<GroupId, GroupLog> groupOf, Action<GroupId> forget, DiskAccess access = DiskAccess.ReadWrite)
{
    private readonly SegmentImage _image = new(salt);
    private readonly SortedDictionary<GroupId, GroupRecovery> _groups = [];
    private readonly List<(RecordHeader Header, long At, bool IsBodyIntact)> _pending = [];

    private readonly SortedDictionary<ulong, ulong> _lastSequences = [];

    private readonly SortedSet<ulong> _damagedHeaders = [];
    private readonly SortedDictionary<ulong, long> _entries = [];
    private readonly SortedSet<ulong> _isLoaded = [];
    private readonly SortedSet<ulong> _hasBadSectors = [];

    private (ulong Sequence, uint Check) _beforeBatch;
    private long _batchAt = SegmentHeader.Size;
    private long _nextBatchAt;
    private bool _isPartial;
    private ulong _damagedThrough;

    // The highest in the segments behind the one that is looked at, or behind the end.
    private ulong _laterBatch;

    /// <summary>The last record that counts.</summary>
    internal ulong Sequence { get; private set; }

    internal uint Check { get; private set; }

    /// <summary>The last batch that counts.</summary>
    internal ulong Batch { get; private set; }

    internal ulong Incarnation { get; private set; }

    internal bool IsClean { get; private set; }

    internal bool IsDamaged { get; private set; }

    /// <summary>The last batch was dropped: a crash cut it short.</summary>
    internal bool IsTorn { get; private set; }

    /// <summary>Whether batches may have stood behind the last one found, and how many nobody can tell.</summary>
    internal bool IsEndUnknown { get; private set; }

    /// <summary>Whether rows were missed, and nothing behind them names all groups.</summary>
    internal bool MayLackGroups { get; private set; }

    /// <summary>Where the last batch ends in the last segment.</summary>
    internal long Position { get; private set; }

    internal long BytesScanned { get; private set; }

    /// <summary>The highest number that any segment file has.</summary>
    internal ulong HighestNumber { get; private set; }

    /// <summary>The segments that are needed, in order; the last is the log's end.</summary>
    internal List<(ulong Number, string Path, IDiskFile File)> Needed { get; } = [];

    /// <summary>Segment files that nothing needs.</summary>
    internal List<(ulong Number, string Path)> Unneeded { get; } = [];

    /// <summary>Segment files that something was in, and nobody can tell what.</summary>
    internal List<string> Suspicious { get; } = [];

    /// <summary>The last batch that counts, byte for byte, and where it lies in the last segment.</summary>
    internal (long At, byte[] Bytes) LastBatch { get; private set; } = (0, []);

    internal List<string> Notes { get; } = [];

    internal IReadOnlyCollection<GroupRecovery> Groups => _groups.Values;

    /// <summary>Reads everything.</summary>
    /// <param name="newestNoted">The newest segment that is known to have had a durable batch.</param>
    /// <returns>The groups that have lost entries.</returns>
    internal List<GroupLog> Run(ulong newestNoted)
    {
        SortedDictionary<ulong, IDiskFile> files = OpenAll();
        if (files.Count > 0)
        {
            HighestNumber = files.Keys.Last();
        }

        HighestNumber = Math.Max(HighestNumber, newestNoted);
        List<ulong> end = FindEnd(files, out SortedDictionary<ulong, ulong> named);
        ulong newest = end.Count == 0 ? 0 : end[^1];
        foreach ((ulong number, IDiskFile file) in files)
        {
            if (named.ContainsKey(number) || end.Contains(number))
            {
                Needed.Add((number, PathOf(number), file));
            }
            else
            {
                if (!_isLoaded.Contains(number))
                {
                    // It becomes a spare, and a bad sector in that would look like damage of what is written there.
                    Load(number, PathOf(number), file);
                }

                file.Dispose();
                Unneeded.Add((number, PathOf(number)));
            }
        }

        // A spare that had a number before a crash took its new name back is no news.
        Notes.AddRange(Needed.Where(segment => _damagedHeaders.Contains(segment.Number)).Select(segment =>
            $"The header of segment {Segment.NameOf(segment.Number)} is damaged; its records are judged by the number in its name."));
        ScanEnd(Needed.FindAll(segment => end.Contains(segment.Number)));
        foreach ((ulong number, string path, IDiskFile file) in Needed.Where(segment => segment.Number != newest))
        {
            // Of the segments at the end too: what the runs of a later one name there isn't believed because it was scanned.
            _lastSequences.TryAdd(number, named.GetValueOrDefault(number));
            Load(number, path, file);
            BytesScanned += _image.Length;
            TakeEntries(_lastSequences[number]);
        }

        foreach (ulong missing in named.Keys.Where(number => !files.ContainsKey(number)))
        {
            IsDamaged = true;
            Notes.Add($"Segment {Segment.NameOf(missing)} is missing.");
        }

        if (newestNoted > newest)
        {
            Damage(ulong.MaxValue, $"Segment {Segment.NameOf(newestNoted)} was the newest, and it is missing or can't be read from its start.");
            IsEndUnknown = true;
        }

        // Nobody can tell what was in these, and somebody may yet want to look at them. One that was never finished is the newest file of
        // all, and nothing is noted of it.
        Suspicious.AddRange(Unneeded.Where(IsSuspicious).Select(segment => segment.Path));
        Unneeded.RemoveAll(IsSuspicious);

        if (IsEndUnknown)
        {
            SkipWhatMayHaveBeen(Math.Max(newest, newestNoted));
        }

        return Conclude();

        bool IsSuspicious((ulong Number, string) segment) =>
            segment.Number > newest ? newestNoted > newest : end.Count > 0 && segment.Number > end[0];
    }

    // A number must not be given twice: a segment that is still needed may have the older use of it. A segment has at most so many
    // records, so all that may have been in those up to this one is below.
    private void SkipWhatMayHaveBeen(ulong lastSegment)
    {
        if (lastSegment < RecordHeader.NumberLimit / Segment.MostRecords)
        {
            (Sequence, Batch) = (Math.Max(Sequence, lastSegment * Segment.MostRecords), Math.Max(Batch, lastSegment * Segment.MostRecords));
        }
    }

    /// <summary>The last record that counts in a needed segment.</summary>
    internal ulong LastSequenceOf(ulong segment) => _lastSequences[segment];

    /// <summary>How many entries lie in a needed segment, dead ones too.</summary>
    internal long EntriesIn(ulong segment) => _entries.TryGetValue(segment, out long count) ? count : 0;

    private void CountEntry() => _entries[_image.Number] = EntriesIn(_image.Number) + 1;

    /// <summary>Whether the disk couldn't read some of it.</summary>
    internal bool HasBadSectors(ulong segment) => _hasBadSectors.Contains(segment);

    private void Load(ulong number, string path, IDiskFile file)
    {
        _image.Load(number, path, file);
        _isLoaded.Add(number);
        if (_image.Unreadable > 0)
        {
            _hasBadSectors.Add(number);
        }
    }

    private void ScanEnd(List<(ulong Number, string Path, IDiskFile File)> end)
    {
        for (int i = 0; i < end.Count; i++)
        {
            (ulong Sequence, ulong Batch)? limit = i + 1 < end.Count ? FirstOf(end[i + 1]) : null;
            if (_image.Number != end[i].Number)
            {
                // Mostly the search for the end has just read it.
                Load(end[i].Number, end[i].Path, end[i].File);
            }

            BytesScanned += _image.Length;
            long first = _image.Find(SegmentHeader.Size, 0);
            RecordHeader header = default;
            bool isRead = first >= 0 && _image.TryRead(first, out header);

            // If it goes on where the one before ends, it lacks nothing but what the scan misses in it, and that one knew the rest.
            bool isBegun = first == SegmentHeader.Size && header.Kind == RecordKind.Segments && (i == 0 || Continues(header));
            if (isRead && (i == 0 || header.Sequence > Sequence))
            {
                (Sequence, Check) = (header.Sequence - 1, header.Previous);
                Batch = i == 0 ? header.Batch - 1 : Batch;
            }

            if (!isBegun)
            {
                // More batches than the first may be gone: what can be read begins somewhere in this one.
                Damage(Math.Max(header.Batch, limit?.Batch ?? Batch + 1), $"The first batch of segment {Segment.NameOf(end[i].Number)} is damaged.");
                _isPartial = true;
            }

            _batchAt = SegmentHeader.Size;
            Scan(limit, isLast: i + 1 == end.Count);
            _lastSequences[end[i].Number] = Sequence;
        }

        // What can't be read isn't known to be what it looks like. Written back as the zeros that stand for it, damage that was told
        // today would be a torn end tomorrow, which nobody is told of.
        if (end.Count > 0 && Position > _batchAt && !_image.IsUnreadable(_batchAt, Position))
        {
            LastBatch = (_batchAt, _image.Bytes[(int)_batchAt..(int)Position].ToArray());
        }
    }

    // Of an older segment only entries count, and only those that are known to live there.
    private void TakeEntries(ulong lastSequence)
    {
        _entries.Remove(_image.Number);
        for (long at = SegmentHeader.Size; ;)
        {
            if (!_image.TryRead(at, out RecordHeader header))
            {
                at = _image.Find(at, 0);
                if (at < 0 || !_image.TryRead(at, out header))
                {
                    return;
                }
            }

            if (header.IsEntry)
            {
                CountEntry();
            }

            if (header.IsEntry && header.Sequence <= lastSequence && _groups.TryGetValue(new GroupId(header.Group), out GroupRecovery? group)
                && (_image.IsBodyIntact(at, header) || Planted.BodyNotChecked))
            {
                group.Offer(header, _image.Number, at, _image.Body(at, header));
            }

            at += header.Extent;
        }
    }

    private void Scan((ulong Sequence, ulong Batch)? limit, bool isLast)
    {
        long at = SegmentHeader.Size;
        while (limit is not { } bound || Sequence + 1 < bound.Sequence)
        {
            if (!_image.TryRead(at, out RecordHeader header) || !Continues(header))
            {
                long next = _image.Find(at, Sequence + 1);
                if (next < 0 || !_image.TryRead(next, out header) || (limit is { } end && header.Sequence >= end.Sequence))
                {
                    break;
                }

                if (!Continues(header) && !TrySkip(header, at, next, isLast))
                {
                    return;
                }

                at = next;
            }

            bool isBodyIntact = _image.IsBodyIntact(at, header);
            if (_pending.Count == 0)
            {
                _beforeBatch = (header.Sequence - 1, header.Previous);
                _nextBatchAt = at;
            }

            _pending.Add((header, at, isBodyIntact));
            (Sequence, Check) = (header.Sequence, header.Check);
            at += header.Extent;
            if (header.Kind == RecordKind.End && !TryTakeBatch(header, at, isLast))
            {
                return;
            }
        }

        // A torn write leaves bytes that can be read. Where the next record would be and can't be read, there may have been one.
        if (isLast && MayGoOnUnread(at))
        {
            Damage(Batch + 1, $"Segment {Segment.NameOf(_image.Number)} can't be read at or behind {at}, where the log seems to end.");
            ApplyPending();
            IsEndUnknown = true;
            return;
        }

        FinishSegment(limit, isLast);
    }

    // The next batch begins right there, or on the next boundary if it is a mark. Behind half a batch anything that can't be read may
    // have been the proof that it was a whole one.
    private bool MayGoOnUnread(long at)
    {
        long mark = (at + SegmentHeader.Size - 1) / SegmentHeader.Size * SegmentHeader.Size;
        return _pending.Count > 0 ? _image.IsUnreadable(_nextBatchAt, _image.Length)
            : _image.IsUnreadable(at, at + RecordHeader.Size) || _image.IsUnreadable(mark, mark + RecordHeader.Size);
    }

    private bool Continues(in RecordHeader header) =>
        header.Sequence == Sequence + 1 && header.Previous == Check;

    // Between here and the next record that can be read, some are missing. False if that is a torn end.
    private bool TrySkip(in RecordHeader header, long at, long next, bool isLast)
    {
        ulong first = _pending.Count > 0 ? _pending[0].Header.Batch : Batch + 1;
        if (isLast && header.Batch == first && !HasLaterBatch(first) && !_image.IsUnreadable(at, _image.Length))
        {
            DropTorn(first);
            return false;
        }

        Damage(header.Batch, $"Segment {Segment.NameOf(_image.Number)} is damaged at {at}: {next - at} bytes up to {next} can't be read as records; {header.Sequence - Sequence - 1} are missing.");
        ApplyPending();
        _isPartial = true;
        (Sequence, Check) = (header.Sequence - 1, header.Previous);
        return true;
    }

    private bool TryTakeBatch(in RecordHeader end, long after, bool isLast)
    {
        bool isWhole = _isPartial || end.Index == (ulong)_pending.Count;
        bool isIntact = isWhole && _pending.TrueForAll(record => record.IsBodyIntact);
        if (!isIntact && isLast && !HasLaterBatch(end.Batch))
        {
            IsEndUnknown = _image.IsUnreadable(_nextBatchAt, _image.Length);
            if (!IsEndUnknown && !Planted.TornBatchAccepted)
            {
                DropTorn(end.Batch);
                return false;
            }
        }

        if (!isWhole)
        {
            Damage(end.Batch, $"Batch {end.Batch} in segment {Segment.NameOf(_image.Number)} has {_pending.Count} records where it counts {end.Index}.");
        }

        ApplyPending();
        Batch = end.Batch;
        Incarnation = Math.Max(Incarnation, end.Term);
        IsClean = (end.Flags & RecordFlags.Clean) != 0;
        (_batchAt, Position) = (_nextBatchAt, after);
        _isPartial = false;
        return true;
    }

    private void FinishSegment((ulong Sequence, ulong Batch)? limit, bool isLast)
    {
        if (limit is { } bound && Sequence + 1 < bound.Sequence)
        {
            Damage(bound.Batch - 1, $"Segment {Segment.NameOf(_image.Number)} ends early: {bound.Sequence - Sequence - 1} records are missing.");
            ApplyPending();
            (_isPartial, Sequence) = (false, bound.Sequence - 1);
        }
        else if (_pending.Count > 0 && isLast && HasLaterBatch(_pending[0].Header.Batch))
        {
            Damage(_pending[0].Header.Batch, $"Batch {_pending[0].Header.Batch} in segment {Segment.NameOf(_image.Number)} has no end, and a later one has landed elsewhere.");
            ApplyPending();
            IsEndUnknown = true;
        }
        else if (_pending.Count > 0 && isLast)
        {
            DropTorn(_pending[0].Header.Batch);
        }
        else if (_pending.Count > 0)
        {
            ApplyPending();
            _isPartial = true;
        }
    }

    // Each was begun only when the one before was durable. That holds wherever the later one has landed, and of one that was never finished.
    private bool HasLaterBatch(ulong batch) => !Planted.RotTakenForTorn && Math.Max(_image.HighestBatch(), _laterBatch) > batch;

    private void DropTorn(ulong batch)
    {
        Notes.Add($"The last batch ({batch}) in segment {Segment.NameOf(_image.Number)} was cut short by a crash and never acknowledged: {Math.Max(_pending.Count, 1)} records dropped.");
        if (_pending.Count > 0)
        {
            (Sequence, Check) = _beforeBatch;
            _pending.Clear();
        }

        IsTorn = true;
        IsClean = false;
        _isPartial = false;
    }

    // Records of batches up to this one are missing.
    private void Damage(ulong lastBatch, string note)
    {
        (IsDamaged, MayLackGroups, IsClean) = (true, true, false);
        Notes.Add(note);
        _damagedThrough = Math.Max(_damagedThrough, lastBatch);
        foreach (GroupRecovery group in _groups.Values)
        {
            group.MeetDamage();
        }
    }

    private void ApplyPending()
    {
        foreach ((RecordHeader header, long at, bool isBodyIntact) in _pending)
        {
            Apply(header, at, isBodyIntact);
        }

        _pending.Clear();
    }

    private void Apply(in RecordHeader header, long at, bool isBodyIntact)
    {
        if (!isBodyIntact)
        {
            IsDamaged = true;
            Notes.Add($"Segment {Segment.NameOf(_image.Number)} is damaged at {at + RecordHeader.Size}: the body of {header} isn't what was written.");
        }

        ReadOnlySpan<byte> body = _image.Body(at, header);
        switch (header.Kind)
        {
            case RecordKind.Command or RecordKind.NoOp or RecordKind.Membership:
                CountEntry();
                GroupOf(header.Group, header.Sequence - 1).Append(header, _image.Number, at, body, isBodyIntact || Planted.BodyNotChecked);
                break;
            case RecordKind.Truncate:
                GroupOf(header.Group, header.Sequence - 1).Truncate(header.Index);
                break;
            case RecordKind.Start:
                GroupOf(header.Group, header.Sequence - 1).BeginAt(header, body, isBodyIntact);
                break;
            case RecordKind.Runs when isBodyIntact:
                GroupOf(header.Group, header.Index).Expect(header.Index, body);
                break;
            case RecordKind.Segments:
                MayLackGroups |= (header.Flags & RecordFlags.LacksGroups) != 0;
                break;
            case RecordKind.Remove:
                _groups.Remove(new GroupId(header.Group));
                forget(new GroupId(header.Group));
                break;
            case RecordKind.End when isBodyIntact:
                for (int i = 0; i + GroupRow.Size <= body.Length; i += GroupRow.Size)
                {
                    GroupRow row = GroupRow.Read(body[i..]);
                    GroupOf(row.Group.Value, row.Born).Agree(row, _damagedThrough);
                }

                break;
            case RecordKind.End:
                Damage(header.Batch, $"What batch {header.Batch} did to its groups is told by the next batch only.");
                break;
            default:
                break;
        }
    }

    private GroupRecovery GroupOf(ulong id, ulong born)
    {
        var group = new GroupId(id);
        if (!_groups.TryGetValue(group, out GroupRecovery? found))
        {
            found = new GroupRecovery(groupOf(group));
            found.Log.Born = born;
            _groups.Add(group, found);
            if (_damagedThrough > 0)
            {
                // It may have been born in what is missing.
                found.MeetDamage();
            }
        }

        return found;
    }

    private List<GroupLog> Conclude()
    {
        var lost = new List<GroupLog>();
        foreach (GroupRecovery group in _groups.Values)
        {
            if (group.Conclude(Notes))
            {
                IsDamaged = true;
                lost.Add(group.Log);
            }
        }

        return lost;
    }
}
