using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Goes through segments record by record, and says of each what is wrong with it.</summary>
internal sealed class LogWalk(IDisk disk, string directory, ulong salt)
{
    private readonly SegmentImage _image = new(salt);
    private (ulong Segment, ulong Sequence, uint Check)? _before;

    /// <summary>How many of the bytes of the last segment the disk could not read.</summary>
    internal int Unreadable => _image.Unreadable;

    /// <summary>The records of a segment, and the stretches between that can't be read. Zeros to its end are none.</summary>
    internal IEnumerable<LogRecord> Records(ulong number)
    {
        string name = Segment.NameOf(number);
        using (IDiskFile file = disk.Open($"{directory}/{name}", DiskAccess.Read))
        {
            _image.Load(number, $"{directory}/{name}", file);
        }

        long first = _image.Find(SegmentHeader.Size, 0);
        if (_before is { } before && (before.Segment + 1 != number
            || (first >= 0 && _image.TryRead(first, out RecordHeader begin) && begin.Sequence <= before.Sequence)))
        {
            // What lay between is retired and gone; or the records before are void, left by a batch that a later start went on without.
            _before = null;
        }

        long at = SegmentHeader.Size;
        while (true)
        {
            if (!_image.TryRead(at, out RecordHeader header) || ChainFault(header).Length > 0)
            {
                long next = _image.Find(at, 0);
                if (next < 0)
                {
                    if (Rest(name, at) is { } rest)
                    {
                        yield return rest;
                    }

                    yield break;
                }

                _image.TryRead(next, out header);
                if (next > at && ChainFault(header).Length > 0)
                {
                    yield return Stretch(name, at, next - at);
                    _before = null;
                }

                at = next;
            }

            yield return Read(name, at, header);
            _before = (number, header.Sequence, header.Check);
            at += header.Extent;
        }
    }

    private LogRecord Read(string name, long at, in RecordHeader header)
    {
        string fault = ChainFault(header);
        if (!_image.IsBodyIntact(at, header))
        {
            uint computed = EntryChecksum.Of(header.Index, header.Term, (byte)header.Kind, _image.Body(at, header));
            fault = $"R5: the body has the checksum {computed:x8} and should have {header.BodyChecksum:x8}";
        }

        return new LogRecord(
            name,
            at,
            header.Sequence,
            header.Batch,
            header.Kind.ToString().ToLowerInvariant(),
            header.IsEntry || header.Kind is RecordKind.Truncate or RecordKind.Start or RecordKind.Remove ? new GroupId(header.Group) : null,
            EntryId.Of(header.Term, header.Index),
            header.Length,
            header.Flags == RecordFlags.None ? "-" : header.Flags.ToString().ToLowerInvariant(),
            fault,
            _image.Body(at, header).ToArray());
    }

    private string ChainFault(in RecordHeader header)
    {
        if (_before is not { } before || (header.Sequence == before.Sequence + 1 && header.Previous == before.Check))
        {
            return "";
        }

        return $"R4: it should be record {before.Sequence + 1} behind one with the check {before.Check:x8}, and is record {header.Sequence} behind one with {header.Previous:x8}";
    }

    // Behind the last record a segment has zeros, or what a retired one left. Half a record of this segment is more than that.
    private LogRecord? Rest(string name, long at)
    {
        if (at + RecordHeader.Size > _image.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = _image.Bytes.Slice((int)at, RecordHeader.Size);
        bool isOurs = BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]) == (uint)(_image.Number & uint.MaxValue);
        return isOurs ? Stretch(name, at, _image.Length - at) : null;
    }

    private LogRecord Stretch(string name, long at, long length) =>
        new(name, at, 0, 0, "unreadable", null, EntryId.Zero, length, "-", FaultAt(at), default);

    private string FaultAt(long at)
    {
        ReadOnlySpan<byte> bytes = _image.Bytes[(int)at..];
        if (bytes.Length < RecordHeader.Size)
        {
            return "R1: the segment ends before a record's header does";
        }

        uint stored = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        uint computed = RecordHeader.CheckOf(bytes, salt);
        uint segment = BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]);
        RecordHeader header = RecordHeader.Read(bytes);
        return !bytes[..RecordHeader.Size].ContainsAnyExcept((byte)0) ? "R1: a record should be here, and there are zeros"
            : stored != computed ? $"R1: the header has the check {computed:x8} and should have {stored:x8}"
            : BinaryPrimitives.ReadUInt16LittleEndian(bytes[62..]) != RecordHeader.TagOf(salt) ? "R1: the tag isn't that of this directory's records"
            : segment != (uint)(_image.Number & uint.MaxValue) ? $"R3: it is of segment {segment:x8}, and lies in {_image.Number:x16}"
            : $"R2: no log has a record like {header}";
    }
}
