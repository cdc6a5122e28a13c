using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <content>Segments: begun, retired, recycled.</content>
public sealed partial class WriteAheadLog
{
    // A number, and the last sequence number in it.
    internal const int NamedSegmentSize = 2 * sizeof(ulong);

    // As many as a log of steady length may have under way, and few beside the spares.
    private const int OldSegmentsAlwaysKept = 2;

    private readonly SparePool _spares;
    private readonly List<Segment> _retirable = [];
    private readonly List<Segment> _retiring = [];

    private ulong _lastSegment;
    private ulong _markedBatch;
    private bool _isEnded;
    private bool _isMark;

    /// <summary>How many bytes of the disk the segments take, spares included. The writing thread's.</summary>
    public long DiskBytes => (_segments.Count + _spares.Count) * _options.SegmentBytes;

    /// <summary>Whether only votes, terms, configurations and compaction are taken: the disk is full.</summary>
    public bool IsOnReserve => _spares is { IsFull: true, Count: 0 };

    /// <summary>
    /// Does a small piece of the work that keeps the log ready: zeroes a part of the next segment, or moves a batch of what is left in an
    /// old one. To be called when there is nothing to write, and now and then when there always is. Nothing is lost by not calling it
    /// but time at the next change of segments, and disk space.
    /// </summary>
    /// <returns>Whether there is more to do.</returns>
    /// <exception cref="StorageFailedException">The log is over.</exception>
    public bool Maintain()
    {
        ThrowIfFailed();
        try
        {
            if (!BuildOn())
            {
                return false;
            }

            // One for the change of segments, and one held back for votes and terms when the disk is full.
            return _spares.Prepare(wanted: 2) || TryTidy();
        }
        catch (DiskException failure)
        {
            throw Fail(failure);
        }
    }

    // Begins the next segment. What is left of this one stays zeros.
    private bool TryRoll(bool isEssential)
    {
        if (_spares.Count == 0 && !_spares.TryMake())
        {
            return false;
        }

        if (_spares is { Count: 1, IsFull: true } && !isEssential)
        {
            return false;
        }

        ulong number = _lastSegment + 1;
        string path = $"{Directory}/{Segment.NameOf(number)}";
        IDiskFile file = _spares.Take(new SegmentHeader(SegmentHeader.CurrentVersion, _options.Cluster, _options.Node, number, _options.SegmentBytes), path);
        _lastSegment = number;
        Segment? before = _active;
        _active = new Segment(number, path, file, _options.SegmentBytes);
        _segments.Add(number, _active);
        _position = SegmentHeader.Size;
        _hasAllRows = true;
        if (before is not null)
        {
            before.LastSequence = _sequence;
            NoteIfRetirable(before);
        }

        TakeBlock(0);
        return true;
    }

    // Moving costs what appending does. Most segments become free without it, so it waits until the old ones together have little
    // left: what stays is bounded just so. None while anything is staged.
    private bool TryTidy()
    {
        if (HasStaged)
        {
            return false;
        }

        bool isWorthMoving = IsOnReserve || IsMostlyDead();
        foreach (Segment segment in _segments.Values)
        {
            // On a full disk what is free is said to be so at once: the next batch would say it, and may never come for want of space.
            bool isFree = _spares.IsFull && segment.LiveEntries == 0;
            if (IsOld(segment) && (isFree || (isWorthMoving && HasLittleLeft(segment.LiveEntries, segment.Entries))))
            {
                return TryMove(segment, isWhole: false);
            }
        }

        return false;
    }

    private bool IsMostlyDead()
    {
        int count = 0;
        long live = 0;
        long entries = 0;
        foreach (Segment segment in _segments.Values)
        {
            if (IsOld(segment))
            {
                count++;
                live += segment.LiveEntries;
                entries += segment.Entries;
            }
        }

        return count > OldSegmentsAlwaysKept && HasLittleLeft(live, entries);
    }

    private bool IsOld(Segment segment) => segment != _active && segment.RetiredBy == 0;

    private static bool HasLittleLeft(long live, long entries) => live * 4 < entries;

    // What makes the newest segment enough to know everything but entries (docs/internals/storage-format.md, 2.4).
    private void StageSegmentStart()
    {
        _hasAllRows = true;
        Span<byte> body = _block!.At(_block.Used + RecordHeader.Size);
        int length = 0;
        ulong before = 0;
        foreach (Segment segment in _segments.Values)
        {
            if (segment != _active)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(body[length..], segment.Number);
                BinaryPrimitives.WriteUInt64LittleEndian(body[(length + sizeof(ulong))..], segment.LastSequence);
                length += NamedSegmentSize;
                before = segment.Number;
            }
        }

        RecordFlags flags = _lacksGroups ? RecordFlags.LacksGroups : RecordFlags.None;
        var header = new RecordHeader { Kind = RecordKind.Segments, Flags = flags, Index = before, Length = (uint)length };
        header.BodyChecksum = EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, body[..length]);
        Conclude(ref header, length);
        foreach (GroupLog group in _groups.Values)
        {
            if (group.Start.At != EntryId.Zero)
            {
                StageStart(group.Id, group.Start, RecordFlags.None);
            }

            StageRuns(group);
        }
    }

    // Which entries live where. What an older segment holds besides is dead, whatever it says of itself.
    private void StageRuns(GroupLog group)
    {
        Span<byte> body = _block!.At(_block.Used + RecordHeader.Size);
        int length = EntryRun.Write(group, body);
        if (length > 0)
        {
            var header = new RecordHeader { Kind = RecordKind.Runs, Group = group.Id.Value, Index = group.Born, Length = (uint)length };
            header.BodyChecksum = EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, body[..length]);
            Conclude(ref header, length);
        }
    }

    private void NoteIfRetirable(Segment segment)
    {
        if (segment.LiveEntries == 0 && segment != _active && segment.RetiredBy == 0 && !_retirable.Contains(segment))
        {
            _retirable.Add(segment);
        }
    }

    // Behind the truncation, the compaction or the copy that made it free, or in the same batch.
    private void StageRetirements()
    {
        foreach (Segment segment in _retirable)
        {
            StageRecord(new RecordHeader { Kind = RecordKind.Retire, Index = segment.Number }, default, checksum: null);
            segment.RetiredBy = _batch;
            _retiring.Add(segment);
        }

        _retirable.Clear();
    }

    // Only what is durably retired may be written over: until then a crash brings it back.
    private void Recycle()
    {
        while (_retiring.Count > 0)
        {
            Segment segment = _retiring[0];
            Invariant.Check(segment.RetiredBy <= _durableBatch || Planted.RetiredBeforeFlush);
            _retiring.RemoveAt(0);
            lock (_gate)
            {
                _segments.Remove(segment.Number);
                segment.IsGone = true;
                if (segment.Readers == 0)
                {
                    segment.File.Dispose();
                }
            }

            _spares.Recycle(segment.Path, segment.HasBadSectors);
        }
    }
}
