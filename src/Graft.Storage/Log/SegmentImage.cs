namespace Graft.Storage;

/// <summary>The bytes of a segment, read at once. What the disk can't read is zeros, which no record is.</summary>
internal sealed class SegmentImage
{
    private const int SmallestRead = 4096;

    // Some room behind the end, so that a header can be looked at anywhere.
    private byte[] _bytes = [];

    // Zeros in the place of what can't be read are the right bytes of a payload of zeros.
    private readonly List<(int From, int To)> _unreadable = [];

    internal int Length { get; private set; }

    internal ulong Number { get; private set; }

    internal string Path { get; private set; } = "";

    internal int Unreadable { get; private set; }

    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    internal void Load(ulong number, string path, IDiskFile file)
    {
        (Number, Path, Unreadable) = (number, path, 0);
        _unreadable.Clear();
        Length = (int)Math.Min(file.Length, 1 << 30);
        if (_bytes.Length < Length + RecordHeader.Size)
        {
            _bytes = GC.AllocateUninitializedArray<byte>(Length + RecordHeader.Size);
        }

        Fill(file, 0, Length);
        _bytes.AsSpan(Length).Clear();
    }

    /// <summary>Whether a record that satisfies R1, R2 and R3 begins here.</summary>
    internal bool TryRead(long at, out RecordHeader header)
    {
        header = default;
        if (at + RecordHeader.Size > Length || !RecordHeader.IsValid(_bytes.AsSpan((int)at), (uint)Number))
        {
            return false;
        }

        header = RecordHeader.Read(_bytes.AsSpan((int)at));
        return header.Kind is >= RecordKind.Command and <= RecordKind.End && at + header.Extent <= Length;
    }

    internal ReadOnlySpan<byte> Body(long at, in RecordHeader header) => _bytes.AsSpan((int)at + RecordHeader.Size, (int)header.Length);

    /// <summary>Whether the body is what the header says (R5).</summary>
    internal bool IsBodyIntact(long at, in RecordHeader header)
    {
        long end = at + RecordHeader.Size + header.Length;
        return (header.Flags & RecordFlags.HeadersOnly) != 0
            ? header.Length == 0
            : !_unreadable.Exists(range => range.From < end && at < range.To)
              && EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, Body(at, header)) == header.BodyChecksum;
    }

    /// <summary>The next record from here on with at least this sequence number; -1 if there is none.</summary>
    internal long Find(long from, ulong sequence)
    {
        uint segment = (uint)Number;
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
