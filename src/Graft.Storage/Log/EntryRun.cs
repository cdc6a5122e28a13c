using System.Buffers.Binary;

namespace Graft.Storage;

/// <summary>Entries of one term that lie in one segment (docs/internals/storage-format.md, 2.4).</summary>
internal readonly record struct EntryRun(ulong First, ulong Last, ulong Term, ulong Segment)
{
    internal const int Size = 32;

    internal static EntryRun Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]));

    /// <summary>Whether a body is one that a log can have written: runs that rise and touch.</summary>
    internal static bool ArePossible(ReadOnlySpan<byte> body)
    {
        ulong previous = 0;
        for (int at = 0; at + Size <= body.Length; at += Size)
        {
            EntryRun run = Read(body[at..]);
            if (run.First > run.Last || run.First == 0 || run.Last >= RecordHeader.NumberLimit || run.Term >= RecordHeader.NumberLimit
                || (previous > 0 && run.First != previous + 1))
            {
                return false;
            }

            previous = run.Last;
        }

        return body.Length > 0 && body.Length % Size == 0;
    }

    /// <summary>Writes the runs of a group, by index; returns how many bytes they take.</summary>
    internal static int Write(GroupLog group, Span<byte> body)
    {
        ReadOnlySpan<IntervalMap.Run> terms = group.Terms.Runs;
        ReadOnlySpan<IntervalMap.Run> segments = group.Index.Segments;
        int length = 0;
        int term = 0;
        int segment = 0;
        while (term < terms.Length && segment < segments.Length)
        {
            ulong first = Math.Max(terms[term].First, segments[segment].First);
            ulong last = Math.Min(terms[term].Last, segments[segment].Last);
            if (first <= last)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(body[length..], first);
                BinaryPrimitives.WriteUInt64LittleEndian(body[(length + 8)..], last);
                BinaryPrimitives.WriteUInt64LittleEndian(body[(length + 16)..], terms[term].Value);
                BinaryPrimitives.WriteUInt64LittleEndian(body[(length + 24)..], segments[segment].Value);
                length += Size;
            }

            if (terms[term].Last == last)
            {
                term++;
            }

            if (segments[segment].Last == last)
            {
                segment++;
            }
        }

        return length;
    }
}
