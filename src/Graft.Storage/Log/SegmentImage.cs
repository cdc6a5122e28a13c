namespace Graft.Storage;

/// <summary>The bytes of a segment, read at once. What the disk can't read is zeros, which no record is.</summary>
internal sealed class SegmentImage(ulong salt)
{
    private const int SmallestRead = 512;

    // Some room behind the end, so that a header can be looked at anywhere.
    private byte[] _bytes = [];
    private ulong? _highestBatch;

    // Zeros in the place of what can't be read are the right bytes of a payload of zeros.
    private readonly List<(int From, int To)> _unreadable = [];

    internal int Length { get; private set; }

    internal ulong Number { get; private set; }

    internal string Path { get; private set; } = "";

    internal int Unreadable { get; private set; }

    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    internal void Load(ulong number, string path, IDiskFile file)
    {
        (Number, Path, Unreadable, _highestBatch) = (number, path, 0, null);
        _unreadable.Clear();
        Length = (int)Math.Min(file.Length, 1 << 30);
        if (_bytes.Length < Length + RecordHeader.Size)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(Length + RecordHeader.Size);
        }

        Fill(file, 0, Length);
        _bytes.AsSpan(Length).Clear();
    }

    /// <summary>The record that a segment begins with, if it can be believed (R1, R3).</summary>
    internal bool TryReadFirst(ulong number, IDiskFile file, out RecordHeader header)
    {
        header = default;
        Span<byte> bytes = stackalloc byte[RecordHeader.Size];
        try
        {
            if (!file.TryReadFully(bytes, SegmentHeader.Size) || !RecordHeader.IsValid(bytes, (uint)(number & uint.MaxValue), salt))
            {
                return false;
            }
        }
        catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
        {
            return false;
        }

        header = RecordHeader.Read(bytes);
        return true;
    }

    /// <summary>Whether a record that satisfies R1, R2 and R3 begins here.</summary>
    internal bool TryRead(long at, out RecordHeader header)
    {
        header = default;
        if (at + RecordHeader.Size > Length || !RecordHeader.IsValid(_bytes.AsSpan((int)at), (uint)(Number & uint.MaxValue), salt))
        {
            return false;
        }

        header = RecordHeader.Read(_bytes.AsSpan((int)at));
        return header.IsPossible && at + header.Extent <= Length;
    }

    internal ReadOnlySpan<byte> Body(long at, in RecordHeader header) => _bytes.AsSpan((int)at + RecordHeader.Size, (int)header.Length);

    /// <summary>Whether the disk couldn't read something between these two places.</summary>
    internal bool IsUnreadable(long from, long to) => _unreadable.Exists(range => range.From < to && from < range.To);

    /// <summary>Whether the body is what the header says (R5).</summary>
    internal bool IsBodyIntact(long at, in RecordHeader header)
    {
        if ((header.Flags & RecordFlags.HeadersOnly) != 0)
        {
            return header.Length == 0 && header.IsEntry;
        }

        long end = at + RecordHeader.Size + header.Length;
        return !IsUnreadable(at, end)
            && EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, Body(at, header)) == header.BodyChecksum
            && (header.Kind != RecordKind.End || GroupRow.ArePossible(Body(at, header)))
            && (header.Kind != RecordKind.Runs || EntryRun.ArePossible(Body(at, header)));
    }

    /// <summary>The next record from here on with at least this sequence number; -1 if there is none.</summary>
    internal long Find(long from, ulong sequence)
    {
        uint segment = (uint)(Number & uint.MaxValue);
        for (long at = (from + 7) & ~7L; at + RecordHeader.Size <= Length; at += 8)
        {
            // Eight bytes tell nearly always that it is none.
            if (BitConverter.ToUInt32(_bytes, (int)at + 56) == segment && TryRead(at, out RecordHeader header) && header.Sequence >= sequence)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>The highest batch number in any record that satisfies R1, R2 and R3, wherever it lies; 0 if there is none.</summary>
    internal ulong HighestBatch()
    {
        if (_highestBatch is { } known)
        {
            return known;
        }

        ulong highest = 0;
        for (long at = SegmentHeader.Size; (at = Find(at, 0)) >= 0; at += sizeof(ulong))
        {
            TryRead(at, out RecordHeader header);
            highest = Math.Max(highest, header.Batch);
        }

        _highestBatch = highest;
        return highest;
    }

    // A bad sector costs what lies in it, not the segment.
    private void Fill(IDiskFile file, int from, int count)
    {
        try
        {
            if (!file.TryReadFully(_bytes.AsSpan(from, count), from))
            {
                throw new DiskException(DiskError.Failed, "read", Path, "the file is shorter than it was a moment ago");
            }
        }
        catch (DiskException failure) when (failure.Error == DiskError.Failed && count > SmallestRead)
        {
            int half = ((count / 2) + SmallestRead - 1) / SmallestRead * SmallestRead;
            Fill(file, from, half);
            if (half < count)
            {
                Fill(file, from + half, count - half);
            }
        }
        catch (DiskException failure) when (failure.Error == DiskError.Failed)
        {
            _bytes.AsSpan(from, count).Clear();
            _unreadable.Add((from, from + count));
            Unreadable += count;
        }
    }
}
