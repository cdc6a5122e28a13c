using Graft.Consensus;

namespace Graft.Storage;

/// <content>Reads, from any thread, without stopping the writer for longer than a copy takes.</content>
public sealed partial class WriteAheadLog
{
    private enum Found
    {
        Entry,
        Nothing,
        Full,
        Damage,
    }

    /// <summary>Reads entries of a group, from memory if they are among the last written, else from disk. Each is verified. From any thread, while the log is open.</summary>
    /// <remarks>What is staged or written is read too, and need not be durable.</remarks>
    /// <param name="group">Whose.</param>
    /// <param name="first">The first to read.</param>
    /// <param name="last">The last to read.</param>
    /// <param name="into">Where they go; it is cleared first. One reader's.</param>
    /// <returns>What was found. A disk that doesn't let an entry be read is told here, as damage.</returns>
    public LogReadOutcome Read(GroupId group, LogIndex first, LogIndex last, EntryBuffer into)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Clear();
        for (LogIndex index = first; index <= last; index = index.Next)
        {
            switch (ReadOne(group, index, into))
            {
                case Found.Damage:
                    return LogReadOutcome.Damaged;
                case Found.Nothing:
                    return index == first ? LogReadOutcome.NotInLog : LogReadOutcome.Read;
                case Found.Full:
                    return LogReadOutcome.Read;
                default:
                    break;
            }
        }

        return LogReadOutcome.Read;
    }

    /// <summary>The last entry of a group's log, durable or not; its start if it has none, and zero if there is no such group. From any thread.</summary>
    public EntryId LastOf(GroupId group)
    {
        lock (_gate)
        {
            return _groups.TryGetValue(group, out GroupLog? log) ? log.Last : EntryId.Zero;
        }
    }

    private Found ReadOne(GroupId group, LogIndex index, EntryBuffer into)
    {
        // Twice: the first place may be retired and used anew between the look and the read.
        (ulong Segment, long Offset) tried = default;
        bool wasFresh = false;
        while (true)
        {
            Segment segment;
            long offset;
            lock (_gate)
            {
                if (!_groups.TryGetValue(group, out GroupLog? log) || index <= log.Start.At.Index || index > log.Last.Index
                    || !log.Index.TryFind(index.Value, out ulong number, out offset))
                {
                    return Found.Nothing;
                }

                if (TryReadTail(number, offset, into, out Found found))
                {
                    return found;
                }

                if ((tried == (number, offset) && wasFresh) || !_segments.TryGetValue(number, out Segment? holder))
                {
                    return Found.Damage;
                }

                segment = holder;
                segment.Readers++;
                tried = (number, offset);
                wasFresh = into.WindowLength == 0;
            }

            try
            {
                if (TryReadDisk(segment, offset, group, index, into, out Found found))
                {
                    return found;
                }

                // The window may be from before the entry was written there. Only what was just read is damage.
                into.WindowLength = 0;
            }
            finally
            {
                LetGo(segment);
            }
        }
    }

    private void LetGo(Segment segment)
    {
        lock (_gate)
        {
            segment.Readers--;
            if (segment is { IsGone: true, Readers: 0 })
            {
                segment.File.Dispose();
            }
        }
    }

    private bool TryReadTail(ulong segment, long offset, EntryBuffer into, out Found found)
    {
        foreach (TailBlock block in _blocks)
        {
            if (block.Holds(segment, offset))
            {
                ReadOnlySpan<byte> bytes = block.From(offset);
                RecordHeader header = RecordHeader.Read(bytes);
                found = Add(header, bytes.Slice(RecordHeader.Size, (int)header.Length), into);
                return true;
            }
        }

        found = default;
        return false;
    }

    private bool TryReadDisk(Segment segment, long offset, GroupId group, LogIndex index, EntryBuffer into, out Found found)
    {
        found = Found.Damage;
        try
        {
            if (!TryFetch(segment, offset, RecordHeader.Size, into)
                || !RecordHeader.IsValid(InWindow(into, offset, RecordHeader.Size), (uint)(segment.Number & uint.MaxValue), _salt))
            {
                return false;
            }

            RecordHeader header = RecordHeader.Read(InWindow(into, offset, RecordHeader.Size));
            if (!header.IsEntry || header.Group != group.Value || header.Index != index.Value
                || !TryFetch(segment, offset, RecordHeader.Size + (int)header.Length, into))
            {
                return false;
            }

            ReadOnlySpan<byte> body = InWindow(into, offset, RecordHeader.Size + (int)header.Length)[RecordHeader.Size..];
            if ((header.Flags & RecordFlags.HeadersOnly) == 0
                && EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, body) != header.BodyChecksum)
            {
                return false;
            }

            found = Add(header, body, into);
            return true;
        }
        catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
        {
            segment.HasBadSectors = true;
            return false;
        }
    }

    private static Found Add(in RecordHeader header, ReadOnlySpan<byte> body, EntryBuffer into)
    {
        if (!into.HasRoom(body.Length))
        {
            return Found.Full;
        }

        into.Add(header, body);
        return Found.Entry;
    }

    // Reads ahead: the entries of a group mostly lie one behind the other.
    private static bool TryFetch(Segment segment, long offset, int length, EntryBuffer into)
    {
        if (offset + length > segment.Size)
        {
            return false;
        }

        if (into.WindowSegment == segment.Number && offset >= into.WindowAt && offset + length <= into.WindowAt + into.WindowLength)
        {
            return true;
        }

        into.GrowWindow(length);
        int count = (int)Math.Min(into.Window.Length, segment.Size - offset);
        if (!TryReadAhead(segment, offset, into, count))
        {
            // A bad sector behind the entry is no reason not to have the entry.
            count = length;
            if (!segment.File.TryReadFully(into.Window.AsSpan(0, count), offset))
            {
                return false;
            }
        }

        (into.WindowSegment, into.WindowAt, into.WindowLength) = (segment.Number, offset, count);
        return true;
    }

    private static bool TryReadAhead(Segment segment, long offset, EntryBuffer into, int count)
    {
        try
        {
            return segment.File.TryReadFully(into.Window.AsSpan(0, count), offset);
        }
        catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
        {
            return false;
        }
    }

    private static ReadOnlySpan<byte> InWindow(EntryBuffer into, long offset, int length) =>
        into.Window.AsSpan((int)(offset - into.WindowAt), length);
}
