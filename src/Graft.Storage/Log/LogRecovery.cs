using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Reads a log from disk and decides what of it is to be believed (docs/internals/storage-format.md, sections 3 and 4).</summary>
internal sealed class LogRecovery(IDisk disk, string directory, LogOptions options, Func<GroupId, GroupLog> groupOf, Action<GroupId> forget, DiskAccess access = DiskAccess.ReadWrite)
{
    private readonly SegmentImage _image = new();
    private readonly SortedDictionary<GroupId, GroupRecovery> _groups = [];
    private readonly List<(RecordHeader Header, long At, bool IsBodyIntact)> _pending = [];

    private (ulong Sequence, uint Check) _beforeBatch;
    private readonly SortedDictionary<ulong, ulong> _lastSequences = [];
    private readonly List<(ulong Segment, SegmentCut Cut)> _cuts = [];
    private bool _isPartial;
    private bool _isAllRows;
    private ulong _damagedThrough;
    private bool _isFirst = true;
    private bool _isCheckLost;

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

    /// <summary>Segments in which something is damaged: what is live in them has to leave.</summary>
    internal SortedSet<ulong> Damaged { get; } = [];

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

        SortedDictionary<ulong, ulong>? named = FindEnd(files, out ulong newest);
        HighestNumber = Math.Max(HighestNumber, newestNoted);
        foreach ((ulong number, IDiskFile file) in files)
        {
            bool isNeeded = number == newest || (number < newest && named?.ContainsKey(number) != false);
            if (isNeeded)
            {
                Needed.Add((number, PathOf(number), file));
            }
            else
            {
                file.Dispose();
                Unneeded.Add(PathOf(number));
            }
        }

        for (int i = 0; i < Needed.Count; i++)
        {
            NoteMissing(named, Needed[i].Number, i == 0 ? 0 : Needed[i - 1].Number);
            (ulong Sequence, ulong Batch)? limit = i + 1 < Needed.Count ? FirstOf(Needed[i + 1]) : null;
            if (named is not null && named.TryGetValue(Needed[i].Number, out ulong last))
            {
                // The segments between this one and the next may have been retired, with the records that they had.
                limit = (last + 1, limit?.Batch ?? ulong.MaxValue);
            }

            _image.Load(Needed[i].Number, Needed[i].Path, Needed[i].File);
            BytesScanned += _image.Length;
            BeginSegment(mayLeap: named is not null && (i == 0 || !named.Keys.Any(number => number > Needed[i - 1].Number && number < Needed[i].Number)));
            Scan(limit, isLast: i + 1 == Needed.Count);
            _lastSequences[Needed[i].Number] = limit is { } end ? end.Sequence - 1 : Sequence;
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

    internal IEnumerable<SegmentCut> CutsOf(ulong segment) => _cuts.Where(cut => cut.Segment == segment).Select(cut => cut.Cut);

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
            Notes.Add($"The header of segment {name} is damaged; its records are judged by the number in its name.");
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

    // The newest segment with a first batch, and the older ones that it needs; null if that can't be read and all count.
    private SortedDictionary<ulong, ulong>? FindEnd(SortedDictionary<ulong, IDiskFile> files, out ulong newest)
    {
        foreach ((ulong number, IDiskFile file) in files.Reverse())
        {
            _image.Load(number, PathOf(number), file);
            if (TryReadFirstBatch(out SortedDictionary<ulong, ulong>? named))
            {
                newest = number;
                return named;
            }

            long first = _image.Find(SegmentHeader.Size, 0);
            if (first >= 0 && HasLaterBatch(first, LowestBatch(first)))
            {
                newest = number;
                return null;
            }

            // Begun and not finished: nothing that it says was ever acknowledged. The next older one is the end.
        }

        newest = 0;
        return null;
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
                RemoveRetired(named!);
                return header.Index == records;
            }
        }

        return false;
    }

    // A segment may be gone as soon as the batch that retires it is durable: that batch is whole, or followed by another.
    private void RemoveRetired(SortedDictionary<ulong, ulong> named)
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
                named.Remove(segment);
            }
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

    // What it held shows as a gap in the sequence; before the first segment read it shows as entries without a place.
    private void NoteMissing(SortedDictionary<ulong, ulong>? named, ulong number, ulong previous)
    {
        foreach (ulong missing in named?.Keys.ToArray() ?? [])
        {
            if (missing > previous && missing < number)
            {
                IsDamaged = true;
                Notes.Add($"Segment {Segment.NameOf(missing)} is missing.");
            }
        }
    }

    // What a segment begins with follows the last record read, unless the segments between have been retired.
    private void BeginSegment(bool mayLeap)
    {
        if ((mayLeap || _isFirst || _isCheckLost) && _image.TryRead(SegmentHeader.Size, out RecordHeader header)
            && header.Kind == RecordKind.Segments && (header.Sequence == Sequence + 1 || (mayLeap && header.Sequence > Sequence) || _isFirst))
        {
            (Sequence, Check) = (header.Sequence - 1, header.Previous);
        }

        (_isFirst, _isCheckLost) = (false, false);
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
            }

            _pending.Add((header, at, isBodyIntact));
            (Sequence, Check) = (header.Sequence, header.Check);
            at += header.Extent;
            if (header.Kind == RecordKind.End && !TryTakeBatch(header, at, isLast))
            {
                return;
            }
        }

        FinishSegment(limit, isLast);
    }

    private bool Continues(in RecordHeader header) =>
        header.Sequence == Sequence + 1 && (header.Previous == Check || Planted.ChainNotChecked);

    // Between here and the next record that can be read, some are missing. False if that is a torn end.
    private bool TrySkip(in RecordHeader header, long at, long next, bool isLast)
    {
        ulong first = _pending.Count > 0 ? _pending[0].Header.Batch : Batch + 1;
        if (isLast && header.Batch == first && !HasLaterBatch(next, first))
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
        if (!isIntact && isLast && !HasLaterBatch(after, end.Batch))
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
        Position = after;
        _isPartial = false;
        return true;
    }

    private void FinishSegment((ulong Sequence, ulong Batch)? limit, bool isLast)
    {
        if (limit is { } bound && Sequence + 1 < bound.Sequence)
        {
            Damage(bound.Batch - 1, $"Segment {Segment.NameOf(_image.Number)} ends early: {bound.Sequence - Sequence - 1} records are missing.");
            ApplyPending();
            (_isPartial, _isCheckLost, Sequence) = (false, true, bound.Sequence - 1);
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
        Damaged.Add(_image.Number);
        Notes.Add(note);
        _damagedThrough = Math.Max(_damagedThrough, lastBatch);
        foreach (GroupRecovery group in _groups.Values)
        {
            group.MeetDamage();
        }
    }

    private void ApplyPending()
    {
        _isAllRows = _pending.Count > 0 && _pending[0].Header.Kind == RecordKind.Segments;
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
            Damaged.Add(_image.Number);
            Notes.Add($"Segment {Segment.NameOf(_image.Number)} is damaged at {at + RecordHeader.Size}: the body of {header} isn't what was written.");
        }

        ReadOnlySpan<byte> body = _image.Body(at, header);
        switch (header.Kind)
        {
            case RecordKind.Command or RecordKind.NoOp or RecordKind.Membership:
                GroupOf(header.Group).Append(header, _image.Number, at, body, isBodyIntact || Planted.BodyNotChecked);
                break;
            case RecordKind.Truncate when header.Term > 0:
                NoteCut(header, header.Term);
                if (_groups.TryGetValue(new GroupId(header.Group), out GroupRecovery? cut))
                {
                    cut.TruncateBelow(header.Index, header.Term);
                }

                break;
            case RecordKind.Truncate:
                NoteCut(header, _image.Number);
                GroupOf(header.Group).Truncate(header.Index);
                break;
            case RecordKind.Start:
                if ((header.Flags & RecordFlags.Reset) != 0)
                {
                    NoteCut(header, _image.Number);
                }

                GroupOf(header.Group).BeginAt(header, body, isBodyIntact);
                break;
            case RecordKind.Remove:
                NoteCut(header, _image.Number);
                _groups.Remove(new GroupId(header.Group));
                forget(new GroupId(header.Group));
                break;
            case RecordKind.End when isBodyIntact:
                for (int i = 0; i + GroupRow.Size <= body.Length; i += GroupRow.Size)
                {
                    GroupRow row = GroupRow.Read(body[i..]);
                    GroupOf(row.Group.Value).Agree(row, _damagedThrough, _image.Number);
                }

                if (_isAllRows && !Planted.RemovedGroupsReturn)
                {
                    ForgetAllBut(body);
                }

                break;
            case RecordKind.End:
                Damage(header.Batch, $"What batch {header.Batch} did to its groups is told by the next batch only.");
                break;
            default:
                break;
        }
    }

    private void NoteCut(in RecordHeader header, ulong below) =>
        _cuts.Add((_image.Number, new SegmentCut(new GroupId(header.Group), header.Index, below)));

    // The first batch of a segment names every group that there is. What older segments know of others has been removed since, by
    // a record that may have gone with its segment.
    private void ForgetAllBut(ReadOnlySpan<byte> rows)
    {
        var named = new SortedSet<GroupId>();
        for (int i = 0; i + GroupRow.Size <= rows.Length; i += GroupRow.Size)
        {
            named.Add(GroupRow.Read(rows[i..]).Group);
        }

        foreach (GroupId gone in _groups.Keys.Where(id => !named.Contains(id)).ToArray())
        {
            _groups.Remove(gone);
            forget(gone);
        }

        MayLackGroups = false;
    }

    private GroupRecovery GroupOf(ulong id)
    {
        var group = new GroupId(id);
        if (!_groups.TryGetValue(group, out GroupRecovery? found))
        {
            found = new GroupRecovery(groupOf(group));
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
