using Graft.Consensus;

namespace Graft.Storage;

/// <content>Copies what is still needed out of a segment that is to go.</content>
public sealed partial class WriteAheadLog
{
    // The entries of one group may lie far apart, between those of all others: a long read-ahead would mostly bring the others'.
    private readonly EntryBuffer _moving = new(maxBytes: 1 << 20, readAhead: 4 << 10);

    /// <summary>Copies live entries of a segment to the end of the log, and makes them durable.</summary>
    /// <param name="segment">The segment that is to go.</param>
    /// <param name="isWhole">Whether all of them are copied now; otherwise one batch at most, because whoever comes next waits for it.</param>
    /// <returns>False if there is no room; what was copied counts, and the rest stays where it is.</returns>
    private bool TryMove(Segment segment, bool isWhole)
    {
        _moving.Clear();
        foreach (GroupLog group in _groups.Values)
        {
            while (FindRun(group, segment.Number) is { } run)
            {
                for (ulong index = run.First; index <= run.Last;)
                {
                    switch (MoveEntry(group, segment, new LogIndex(index)))
                    {
                        case StageOutcome.NoSpace:
                            return false;
                        case StageOutcome.BatchFull when isWhole:
                            WriteAndFlush();
                            break;
                        case StageOutcome.BatchFull:
                            WriteAndFlush();
                            return true;
                        default:
                            index++;
                            break;
                    }
                }
            }
        }

        Invariant.Check(segment.LiveEntries == 0, segment.LiveEntries, segment.Number);
        lock (_gate)
        {
            NoteIfRetirable(segment);
            if (!_isOpen && _retirable.Count > 0)
            {
                if (MakeRoom(0, isEssential: true) != StageOutcome.Staged)
                {
                    return false;
                }
            }
        }

        WriteAndFlush();

        // A batch that was full already when the segment became free has not said so yet.
        return segment.RetiredBy > 0 || TryMove(segment, isWhole);
    }

    private StageOutcome MoveEntry(GroupLog group, Segment from, LogIndex index)
    {
        _moving.ClearEntries();
        Found found = ReadOne(group.Id, index, _moving);
        if (found != Found.Entry)
        {
            throw new DiskException(DiskError.Failed, "read", from.Path, $"entry {index} of {group.Id} was there when the log was opened and isn't now");
        }

        lock (_gate)
        {
            StoredEntry entry = _moving.Entries[0];
            StageOutcome room = MakeRoom(RecordHeader.ExtentOf(entry.Payload.Length), isEssential: true);
            if (room == StageOutcome.Staged)
            {
                Touch(group);
                long at = StageEntry(group.Id, entry, RecordFlags.Moved);
                group.Index.Set(index.Value, _active!.Number, at);
                from.LiveEntries--;
                _active.LiveEntries++;
                _active.Entries++;
            }

            return room;
        }
    }

    private void WriteAndFlush()
    {
        if (HasStaged)
        {
            Write();
            Flush();
        }
    }

    private static IntervalMap.Run? FindRun(GroupLog group, ulong segment)
    {
        foreach (IntervalMap.Run run in group.Index.Segments)
        {
            if (run.Value == segment)
            {
                return run;
            }
        }

        return null;
    }
}
