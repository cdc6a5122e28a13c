using System.Buffers.Binary;

namespace Graft.Storage;

/// <content>Which segments there are, and which of them tell how the log ends.</content>
internal sealed partial class LogRecovery
{
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
            Load(number, PathOf(number), file);
            bool isWhole = TryReadFirstBatch(out SortedDictionary<ulong, ulong>? older);
            long first = _image.Find(SegmentHeader.Size, 0);
            if (isWhole || (first >= 0 && HasLaterBatch(LowestBatch(first))))
            {
                end.Insert(0, number);
                AddRetired(retired);
            }

            if (isWhole)
            {
                named = older!;
                break;
            }

            // It was begun only when all that the older ones hold was durable.
            _laterBatch = Math.Max(_laterBatch, _image.HighestBatch());
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

    // One record, and only if that can't be read the whole segment: every segment would be read twice.
    private (ulong Sequence, ulong Batch)? FirstOf((ulong Number, string Path, IDiskFile File) segment)
    {
        if (_image.TryReadFirst(segment.Number, segment.File, out RecordHeader header))
        {
            return (header.Sequence, header.Batch);
        }

        Load(segment.Number, segment.Path, segment.File);
        long first = _image.Find(SegmentHeader.Size, 0);
        return first >= 0 && _image.TryRead(first, out header) ? (header.Sequence, header.Batch) : null;
    }

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
}
