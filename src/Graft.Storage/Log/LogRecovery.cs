using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Reads a log from disk and decides what of it is to be believed (docs/internals/storage-format.md, sections 3 and 4).</summary>
internal sealed class LogRecovery(IDisk disk, string directory, LogOptions options, Func<GroupId, GroupLog> groupOf, Action<GroupId> forget, DiskAccess access = DiskAccess.ReadWrite)
{
    private readonly SegmentImage _image = new();
    private readonly SortedDictionary<GroupId, GroupRecovery> _groups = [];
    private readonly List<(RecordHeader Header, long At, bool IsBodyIntact)> _pending = [];

    private readonly SortedDictionary<ulong, ulong> _lastSequences = [];

    private readonly SortedSet<ulong> _damagedHeaders = [];

    private (ulong Sequence, uint Check) _beforeBatch;
    private long _batchAt = SegmentHeader.Size;
    private long _nextBatchAt;
    private bool _isPartial;
    private ulong _damagedThrough;

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
    internal List<string> Unneeded { get; } = [];

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
                file.Dispose();
                Unneeded.Add(PathOf(number));
            }
        }

        // A spare that had a number before a crash took its new name back is no news.
        Notes.AddRange(Needed.Where(segment => _damagedHeaders.Contains(segment.Number)).Select(segment =>
            $"The header of segment {Segment.NameOf(segment.Number)} is damaged; its records are judged by the number in its name."));
        ScanEnd(Needed.FindAll(segment => end.Contains(segment.Number)));
        foreach ((ulong number, string path, IDiskFile file) in Needed.Where(segment => !end.Contains(segment.Number)))
        {
            _lastSequences[number] = named[number];
            _image.Load(number, path, file);
            BytesScanned += _image.Length;
            TakeEntries(named[number]);
        }

        foreach (ulong missing in named.Keys.Where(number => !files.ContainsKey(number)))
        {
            IsDamaged = true;
            Notes.Add($"Segment {Segment.NameOf(missing)} is missing.");
        }

        if (newestNoted > newest)
        {
            Damage(ulong.MaxValue, $"Segment {Segment.NameOf(newestNoted)} was the newest, and it is missing or can't be read from its start.");
            Suspicious.AddRange(Unneeded.Where(path => string.CompareOrdinal(path, PathOf(newest)) > 0));
            Unneeded.RemoveAll(Suspicious.Contains);
        }

        return Conclude();
    }

    /// <summary>The last record that counts in a needed segment.</summary>
    internal ulong LastSequenceOf(ulong segment) => _lastSequences[segment];

    private string PathOf(ulong number) => $"{directory}/{Segment.NameOf(number)}";

    private SortedDictionary<ulong, IDiskFile> OpenAll()
    {
        var files = new SortedDictionary<ulong, IDiskFile>();
        try
        {
            Span<byte> block = stackalloc byte[64];
            foreach (string name in disk.ListFiles(directory))
            {
                if (!Segment.TryParse(name, out ulong number))
                {
                    continue;
                }

                IDiskFile file = disk.Open($"{directory}/{name}", access);
                files.Add(number, file);
                CheckHeader(name, number, file, block);
            }

            return files;
        }
        catch
        {
            foreach (IDiskFile file in files.Values)
            {
                file.Dispose();
            }

            throw;
        }
    }

    // Nothing is changed before every header has been seen: a foreign log is refused untouched.
    private void CheckHeader(string name, ulong number, IDiskFile file, Span<byte> block)
    {
        bool isRead;
        try
        {
            isRead = file.TryReadFully(block, 0);
        }
        catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
        {
            isRead = false;
        }

        if (!isRead || !SegmentHeader.TryRead(block, out SegmentHeader header) || header.Number != number)
        {
_damagedHeaders.Add(number);
            return;
        }

        if (header.Version > SegmentHeader.CurrentVersion)
        {
            throw new StorageRefusedException(
                $"Segment {name} was written in format {header.Version}; this program knows formats up to {SegmentHeader.CurrentVersion}. Start it with a newer program.");
        }

        if (header.Cluster != options.Cluster || header.Node != options.Node)
        {
            throw new StorageRefusedException(
                $"Segment {name} belongs to node {header.Node} of cluster {header.Cluster}; this is node {options.Node} of cluster {options.Cluster}. Check the directory that was given.");
        }
    }

    // The newest segment whose first batch can be read says all about what came before it. Behind it lie only segments whose first
    // batch has rotted; one whose first batch was never finished says nothing that was acknowledged.
    private List<ulong> FindEnd(SortedDictionary<ulong, IDiskFile> files, out SortedDictionary<ulong, ulong> named)
    {
        var end = new List<ulong>();
        var retired = new SortedSet<ulong>();
        named = [];
        foreach ((ulong number, IDiskFile file) in files.Reverse())
        {
            _image.Load(number, PathOf(number), file);
            bool isWhole = TryReadFirstBatch(out SortedDictionary<ulong, ulong>? older);
            long first = _image.Find(SegmentHeader.Size, 0);
            if (isWhole || (first >= 0 && HasLaterBatch(first, LowestBatch(first))))
            {
                end.Insert(0, number);
                AddRetired(retired);
            }

            if (isWhole)
            {
                named = older!;
                break;
            }
        }

        foreach (ulong number in retired)
        {
            named.Remove(number);
        }

        return end;
    }

    private bool TryReadFirstBatch(out SortedDictionary<ulong, ulong>? named)
    {
        named = null;
        long at = SegmentHeader.Size;
        ulong records = 0;
        ulong sequence = 0;
        uint check = 0;
        while (_image.TryRead(at, out RecordHeader header) && _image.IsBodyIntact(at, header))
        {
            if (records > 0 ? header.Sequence != sequence + 1 || header.Previous != check : header.Kind != RecordKind.Segments)
            {
                return false;
            }

            records++;
            (sequence, check) = (header.Sequence, header.Check);
            if (header.Kind == RecordKind.Segments)
            {
                named = [];
                ReadOnlySpan<byte> body = _image.Body(at, header);
                for (int i = 0; i + WriteAheadLog.NamedSegmentSize <= body.Length; i += WriteAheadLog.NamedSegmentSize)
                {
                    named[BinaryPrimitives.ReadUInt64LittleEndian(body[i..])] = BinaryPrimitives.ReadUInt64LittleEndian(body[(i + sizeof(ulong))..]);
                }
            }

            at += header.Extent;
            if (header.Kind == RecordKind.End)
            {
                return header.Index == records;
            }
        }

        return false;
    }

    // A segment may be gone as soon as the batch that retires it is durable: that batch is whole, or followed by another.
    private void AddRetired(SortedSet<ulong> all)
    {
        ulong whole = 0;
        var retired = new List<(ulong Batch, ulong Segment)>();
        for (long at = SegmentHeader.Size; (at = _image.Find(at, 0)) >= 0;)
        {
            _image.TryRead(at, out RecordHeader header);
            whole = Math.Max(whole, header.Kind == RecordKind.End ? header.Batch : header.Batch - 1);
            if (header.Kind == RecordKind.Retire)
            {
                retired.Add((header.Batch, header.Index));
            }

            at += header.Extent;
        }

        foreach ((ulong batch, ulong segment) in retired)
        {
            if (batch <= whole && !Planted.RetirementIgnored)
            {
                all.Add(segment);
            }
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
                _image.Load(end[i].Number, end[i].Path, end[i].File);
            }

            BytesScanned += _image.Length;
            if (i > 0)
            {
                Damage(limit?.Batch ?? Batch + 1, $"The first batch of segment {Segment.NameOf(end[i].Number)} is damaged.");
            }

            long first = _image.Find(SegmentHeader.Size, 0);
            if (first >= 0 && _image.TryRead(first, out RecordHeader header) && (i == 0 || header.Sequence > Sequence))
            {
                (Sequence, Check) = (header.Sequence - 1, header.Previous);
                Batch = i == 0 ? header.Batch - 1 : Batch;
            }

            _batchAt = SegmentHeader.Size;
            Scan(limit, isLast: i + 1 == end.Count);
            _lastSequences[end[i].Number] = Sequence;
        }

        if (end.Count > 0 && Position > _batchAt)
        {
            LastBatch = (_batchAt, _image.Bytes[(int)_batchAt..(int)Position].ToArray());
        }
    }

    // Of an older segment only entries count, and only those that are known to live there.
    private void TakeEntries(ulong lastSequence)
    {
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

            if (header.IsEntry && header.Sequence <= lastSequence && _groups.TryGetValue(new GroupId(header.Group), out GroupRecovery? group)
                && (_image.IsBodyIntact(at, header) || Planted.BodyNotChecked))
            {
                group.Offer(header, _image.Number, at, _image.Body(at, header));
            }

            at += header.Extent;
        }
    }

    // One record, and only if that can't be read the whole segment: every segment would be read twice.
    private (ulong Sequence, ulong Batch)? FirstOf((ulong Number, string Path, IDiskFile File) segment)
    {
        if (SegmentImage.TryReadFirst(segment.Number, segment.File, out RecordHeader header))
        {
            return (header.Sequence, header.Batch);
        }

        _image.Load(segment.Number, segment.Path, segment.File);
        long first = _image.Find(SegmentHeader.Size, 0);
        return first >= 0 && _image.TryRead(first, out header) ? (header.Sequence, header.Batch) : null;
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
        if (isLast && _image.IsUnreadable(at, at + RecordHeader.Size))
        {
            Damage(Batch + 1, $"Segment {Segment.NameOf(_image.Number)} can't be read at {at}, where the log seems to end.");
            ApplyPending();
            return;
        }

        FinishSegment(limit, isLast);
    }

    private bool Continues(in RecordHeader header) =>
        header.Sequence == Sequence + 1 && (header.Previous == Check || Planted.ChainNotChecked);

    // Between here and the next record that can be read, some are missing. False if that is a torn end.
    private bool TrySkip(in RecordHeader header, long at, long next, bool isLast)
    {
        ulong first = _pending.Count > 0 ? _pending[0].Header.Batch : Batch + 1;
        if (isLast && header.Batch == first && !HasLaterBatch(next, first) && !_image.IsUnreadable(at, next))
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
        if (!isIntact && isLast && !HasLaterBatch(after, end.Batch) && !_image.IsUnreadable(_nextBatchAt, after))
        {
            if (!Planted.TornBatchAccepted)
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

    // Batch numbers rise, and each was begun only when the one before was durable.
    private bool HasLaterBatch(long from, ulong batch) => !Planted.RotTakenForTorn && _image.HighestBatchFrom(from) > batch;

    private ulong LowestBatch(long from)
    {
        ulong lowest = ulong.MaxValue;
        for (long at = from; (at = _image.Find(at, 0)) >= 0;)
        {
            _image.TryRead(at, out RecordHeader header);
            lowest = Math.Min(lowest, header.Batch);
            at += RecordHeader.Size;
        }

        return lowest;
    }

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
                GroupOf(header.Group).Append(header, _image.Number, at, body, isBodyIntact || Planted.BodyNotChecked);
                break;
            case RecordKind.Truncate:
                GroupOf(header.Group).Truncate(header.Index);
                break;
            case RecordKind.Start:
                GroupOf(header.Group).BeginAt(header, body, isBodyIntact);
                break;
            case RecordKind.Runs when isBodyIntact:
                GroupOf(header.Group).Expect(header.Index, body);
                break;
            case RecordKind.Remove:
                _groups.Remove(new GroupId(header.Group));
                forget(new GroupId(header.Group));
                break;
            case RecordKind.End when isBodyIntact:
                for (int i = 0; i + GroupRow.Size <= body.Length; i += GroupRow.Size)
                {
                    GroupRow row = GroupRow.Read(body[i..]);
                    GroupOf(row.Group.Value).Agree(row, _damagedThrough);
                }

                break;
            case RecordKind.End:
                Damage(header.Batch, $"What batch {header.Batch} did to its groups is told by the next batch only.");
                break;
            default:
                break;
        }
    }

    private GroupRecovery GroupOf(ulong id)
    {
        var group = new GroupId(id);
        if (!_groups.TryGetValue(group, out GroupRecovery? found))
        {
            found = new GroupRecovery(groupOf(group));
            found.Log.Born = Sequence - (ulong)_pending.Count;
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
