using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Storage;

/// <summary>What a group is after a batch (docs/internals/storage-format.md, 2.3).</summary>
internal readonly record struct GroupRow(
    GroupId Group,
    HardState HardState,
    EntryId Start,
    EntryId Last,
    LostEntries? Lost,
    ulong Batch,
    ulong PreviousBatch,
    ulong Born)
{
    internal const int Size = 112;

    private const ulong HasVoted = 1;
    private const ulong IsHeadersOnly = 2;
    private const ulong HasLost = 4;
    private const ulong KnowsHighest = 8;
    private const ulong IsDecided = 16;

    /// <summary>Whether these are whole rows with numbers that a log can come to.</summary>
    internal static bool ArePossible(ReadOnlySpan<byte> rows)
    {
        if (rows.Length % Size != 0)
        {
            return false;
        }

        for (; rows.Length > 0; rows = rows[Size..])
        {
            // Group and vote are names and may be anything.
            for (int at = 32; at < Size; at += sizeof(ulong))
            {
                if (Word(rows, at) >= RecordHeader.NumberLimit)
                {
                    return false;
                }
            }

            if (Word(rows, 16) >= RecordHeader.NumberLimit || Word(rows, 56) < Word(rows, 40))
            {
                return false;
            }
        }

        return true;
    }

    internal static GroupRow Read(ReadOnlySpan<byte> bytes)
    {
        ulong flags = Word(bytes, 8);
        NodeId? vote = (flags & HasVoted) != 0 ? new NodeId(Word(bytes, 24)) : null;
        LogKind kind = (flags & IsDecided) == 0 ? LogKind.Undecided : (flags & IsHeadersOnly) != 0 ? LogKind.HeadersOnly : LogKind.Full;
        EntryId? highest = (flags & KnowsHighest) != 0 ? EntryId.Of(Word(bytes, 80), Word(bytes, 72)) : null;
        return new GroupRow(
            new GroupId(Word(bytes, 0)),
            new HardState(new Term(Word(bytes, 16)), vote, new LogIndex(Word(bytes, 32)), kind),
            EntryId.Of(Word(bytes, 48), Word(bytes, 40)),
            EntryId.Of(Word(bytes, 64), Word(bytes, 56)),
            (flags & HasLost) != 0 ? new LostEntries(highest) : null,
            Word(bytes, 88),
            Word(bytes, 96),
            Word(bytes, 104));
    }

    internal void Write(Span<byte> bytes)
    {
        EntryId highest = Lost?.HighestAcknowledged ?? EntryId.Zero;
        ulong flags = (HardState.VotedFor is null ? 0 : HasVoted)
            | (HardState.Log == LogKind.Undecided ? 0 : IsDecided)
            | (HardState.Log == LogKind.HeadersOnly ? IsHeadersOnly : 0)
            | (Lost is null ? 0 : HasLost)
            | (Lost?.HighestAcknowledged is null ? 0 : KnowsHighest);
        Put(bytes, 0, Group.Value);
        Put(bytes, 8, flags);
        Put(bytes, 16, HardState.Term.Value);
        Put(bytes, 24, HardState.VotedFor?.Value ?? 0);
        Put(bytes, 32, HardState.Commit.Value);
        Put(bytes, 40, Start.Index.Value);
        Put(bytes, 48, Start.Term.Value);
        Put(bytes, 56, Last.Index.Value);
        Put(bytes, 64, Last.Term.Value);
        Put(bytes, 72, highest.Index.Value);
        Put(bytes, 80, highest.Term.Value);
        Put(bytes, 88, Batch);
        Put(bytes, 96, PreviousBatch);
        Put(bytes, 104, Born);
    }

    private static ulong Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private static void Put(Span<byte> bytes, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], value);
}
