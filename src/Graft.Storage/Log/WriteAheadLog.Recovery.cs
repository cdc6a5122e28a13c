using Graft.Consensus;

namespace Graft.Storage;

/// <content>Opening: reads the log, decides what counts, and makes its end one that can be built on.</content>
public sealed partial class WriteAheadLog
{
    private DirectoryIdentity? _identity;
    private ulong _salt;

    // Until the end of the log has been written anew, nothing is taken.
    private (Segment? Tail, List<GroupLog> Lost)? _unbuilt;

    // Said again by every start until the host has settled it: the one that it was said to first may have died of something else.
    private bool _lacksGroups;

    /// <summary>
    /// The host has heard <see cref="RecoveryReport.MayLackGroups"/> and has founded what was missing as lost, durably. Starts say it no
    /// more once another segment has begun.
    /// </summary>
    public void SettleGroups()
    {
        lock (_gate)
        {
            _lacksGroups = false;
        }
    }

    private void Recover()
    {
        _disk.CreateDirectory(Directory);
        IReadOnlyList<string> names = _disk.ListFiles(Directory);
        bool hasLog = names.Any(name => Segment.TryParse(name, out _));
        _identity = DirectoryIdentity.Start(_disk, _options, hasLog);
        _disk.FlushDirectory("");
        _salt = _identity.Salt;

        var recovery = new LogRecovery(_disk, Directory, _options, _salt, GroupOf, Forget);
        List<GroupLog> lost = recovery.Run(_identity.NewestSegment);
        Incarnation = new Incarnation((uint)Math.Max(_identity.Incarnation, recovery.Incarnation + 1));
        if (Incarnation.Value > _identity.Incarnation)
        {
            _identity.Raise(Incarnation.Value);
        }

        (_sequence, _check, _batch) = (recovery.Sequence, recovery.Check, Planted.BatchNotRaised && recovery.Batch > 0 ? recovery.Batch - 1 : recovery.Batch);
        (_durableBatch, _markedBatch, _lastSegment) = (_batch, recovery.IsClean ? _batch : 0, recovery.HighestNumber);
        if (recovery.LastBatch.Bytes.Length > 0 && !Planted.LastBatchNotRewritten)
        {
            // It may be a picture in the page cache of what is on no platter: its flush failed, or the process was killed before. Written
            // again it is dirty again, and this flush tells the truth. All before it was flushed before it was begun.
            recovery.Needed[^1].File.Write(recovery.LastBatch.Bytes, recovery.LastBatch.At);
            recovery.Needed[^1].File.Flush();
        }

        TakeOver(recovery, names);
        Recovery = new RecoveryReport
        {
            Groups = [.. recovery.Groups.Select(group => group.ToResult())],
            Notes = [.. recovery.Notes],
            WasClean = recovery.IsClean,
            IsDamaged = recovery.IsDamaged || recovery.Groups.Any(group => group.Log.Lost is not null),
            MayLackGroups = recovery.MayLackGroups,
            BytesScanned = recovery.BytesScanned,
        };
        foreach (GroupId gone in _groups.Keys.Except(Recovery.Groups.Select(group => group.Id)).ToArray())
        {
            _groups.Remove(gone);
        }

        _lastGroup = null;
        _lacksGroups = recovery.MayLackGroups;
        CountLiveEntries(recovery);
        Segment? tail = recovery.Needed.Count == 0 ? null : _segments[recovery.Needed[^1].Number];
        if (tail is null && !recovery.IsDamaged)
        {
            return;
        }

        if (tail is { HasBadSectors: false } && (recovery.IsClean || Planted.TailNotCopied) && !recovery.IsDamaged && lost.Count == 0)
        {
            (_active, _position) = (tail, recovery.Position);
            TakeBlock(0);
            foreach (Segment segment in _segments.Values)
            {
                NoteIfRetirable(segment);
            }

            return;
        }

        _unbuilt = (tail, lost);
        BuildOn();
    }

    private void TakeOver(LogRecovery recovery, IReadOnlyList<string> names)
    {
        foreach ((ulong number, string path, IDiskFile file) in recovery.Needed)
        {
            var segment = new Segment(number, path, file, file.Length) { LastSequence = recovery.LastSequenceOf(number), HasBadSectors = recovery.HasBadSectors(number) };
            _segments.Add(number, segment);
        }

        foreach (string name in names.Where(SparePool.IsSpare))
        {
            // A segment that never had a durable batch may have become this spare, by a start that died: no other place has its number.
            _lastSegment = Math.Max(_lastSegment, _spares.Adopt(name));
        }

        // Whatever it held, somebody may yet want to look at it.
        foreach (string path in recovery.Suspicious)
        {
            _disk.Rename(path, $"{path}.damaged");
        }

        foreach ((ulong number, string path) in recovery.Unneeded)
        {
            _spares.Recycle(path, recovery.HasBadSectors(number));
        }
    }

    private void CountLiveEntries(LogRecovery recovery)
    {
        foreach (GroupLog group in _groups.Values)
        {
            foreach (IntervalMap.Run run in group.Index.Segments)
            {
                Segment segment = _segments[run.Value];
                segment.LiveEntries += (long)(run.Last - run.First + 1);
            }
        }

        foreach (Segment segment in _segments.Values)
        {
            segment.Entries = recovery.EntriesIn(segment.Number);
        }
    }

    // After anything but a clean stop the end of the log may be a picture in the page cache of what no platter has. It is
    // written anew, into another file, before anything rests on it (docs/internals/storage-format.md, section 5).
    private bool BuildOn()
    {
        if (_unbuilt is not { } unbuilt)
        {
            return true;
        }

        lock (_gate)
        {
            if (_active is null)
            {
                if (!TryRoll(isEssential: true))
                {
                    return false;
                }

                // Where every entry lies can be more than a block of the cache has.
                StageOutcome room = MakeRoom(unbuilt.Lost.Count * (long)RecordHeader.Size, isEssential: true);
                Invariant.Check(room == StageOutcome.Staged, room, unbuilt.Lost.Count);
                foreach (GroupLog group in unbuilt.Lost)
                {
                    Touch(group);
                    StageRecord(new RecordHeader { Kind = RecordKind.Truncate, Group = group.Id.Value, Index = group.Last.Index.Value }, default, checksum: null);
                }
            }
        }

        WriteAndFlush();
        if (unbuilt.Tail is { IsGone: false } tail && !TryMove(tail, isWhole: true))
        {
            return false;
        }

        _unbuilt = null;
        foreach (Segment segment in _segments.Values)
        {
            NoteIfRetirable(segment);
        }

        return true;
    }

    private void Forget(GroupId group)
    {
        _groups.Remove(group);
        _lastGroup = null;
    }
}
