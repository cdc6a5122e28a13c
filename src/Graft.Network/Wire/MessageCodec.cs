using Graft.Consensus;

namespace Graft.Network;

/// <summary>Core messages in a batch (docs/internals/wire-format.md, 4).</summary>
/// <remarks>
/// Canonical: one message has one encoding, and what is decoded and encoded again gives the same bytes. Whether its numbers make
/// sense is for the core to judge; here they only have to be numbers.
/// </remarks>
internal static class MessageCodec
{
    // Kind, fields, group, cluster and twelve numbers at most; a snapshot adds four more and its membership.
    private const int HeadBytesMax = 1 + 2 + WireWriter.VarintBytesMax + 8 + (14 * WireWriter.VarintBytesMax) + 2;
    private const int EntryHeadBytesMin = 1 + 1 + 4 + 1;
    private const int EntryHeadBytesMax = 1 + 1 + 4 + 5;
    private const byte HeaderOnlyFlag = 1;
    private const MessageFields Known = (MessageFields)((1 << 14) - 1);

    /// <summary>At least as many bytes as <see cref="Write"/> takes.</summary>
    internal static long GetSizeMax(in Message message, ReadOnlySpan<WireEntry> entries)
    {
        long size = HeadBytesMax;
        if (message.Snapshot is { } snapshot)
        {
            size += (4 * WireWriter.VarintBytesMax) + MembershipCodec.GetSize(snapshot.Membership);
        }

        foreach (ref readonly WireEntry entry in entries)
        {
            size += EntryHeadBytesMax + entry.Payload.Length;
        }

        return size;
    }

    /// <summary>Encodes at the start of <paramref name="destination"/>, which has room for <see cref="GetSizeMax"/>.</summary>
    /// <returns>How many bytes it took.</returns>
    internal static int Write(
        Span<byte> destination, GroupId group, in Message message, ReadOnlySpan<WireEntry> entries, in MessageEnds ends)
    {
        MessageFields fields = FieldsOf(message, ends);
        var writer = new WireWriter(destination);
        writer.Write((byte)message.Kind);
        writer.Write((ushort)fields);
        writer.WriteVarint(group.Value);
        if ((fields & MessageFields.Cluster) != 0)
        {
            writer.Write(message.Cluster.Value);
        }

        WriteIf(ref writer, fields, MessageFields.FromIncarnation, message.FromIncarnation.Value);
        WriteIf(ref writer, fields, MessageFields.ToIncarnation, message.ToIncarnation.Value);
        writer.WriteVarint(message.Term.Value);
        if ((fields & MessageFields.Flags) != 0)
        {
            writer.Write((byte)message.Flags);
        }

        if ((fields & MessageFields.Reason) != 0)
        {
            writer.Write((byte)message.Reason);
        }

        if ((fields & MessageFields.Entry) != 0)
        {
            writer.WriteVarint(message.Entry.Term.Value);
            writer.WriteVarint(message.Entry.Index.Value);
        }

        WriteIf(ref writer, fields, MessageFields.Last, message.Last.Value);
        WriteIf(ref writer, fields, MessageFields.EntriesTerm, message.EntriesTerm.Value);
        WriteIf(ref writer, fields, MessageFields.Commit, message.Commit.Value);
        WriteIf(ref writer, fields, MessageFields.Round, message.Round);
        WriteIf(ref writer, fields, MessageFields.Sequence, message.Sequence);
        WriteIf(ref writer, fields, MessageFields.Bytes, (ulong)message.Bytes);
        if (message.Snapshot is { } snapshot)
        {
            WriteSnapshot(ref writer, snapshot);
        }

        foreach (ref readonly WireEntry entry in entries)
        {
            WriteEntry(ref writer, entry);
        }

        return writer.Position;
    }

    /// <summary>Decodes the message at the reader's position. Never throws, whatever the bytes; afterwards the reader has failed or stands behind it.</summary>
    /// <param name="reader">Over the body of the batch.</param>
    /// <param name="body">The same bytes, for the payloads to lie in.</param>
    /// <param name="ends">From the hello.</param>
    /// <param name="into">Takes what is read.</param>
    internal static void Read(ref WireReader reader, ReadOnlyMemory<byte> body, in MessageEnds ends, PeerMessage into)
    {
        var kind = (MessageKind)reader.ReadByte();
        var fields = (MessageFields)reader.ReadUInt16();
        bool isAppend = kind == MessageKind.AppendEntries;
        if (kind is MessageKind.None or > MessageKind.ReadIndexReply
            || (fields & ~Known) != 0
            || ((fields & MessageFields.Membership) != 0 && !isAppend)
            || ((fields & MessageFields.Snapshot) != 0) != (kind == MessageKind.InstallSnapshot))
        {
            reader.Fail();
            return;
        }

        into.Group = new GroupId(reader.ReadVarint());
        ClusterId cluster = (fields & MessageFields.Cluster) != 0 ? new ClusterId(reader.ReadUInt64()) : ends.Cluster;
        var from = new Incarnation(ReadUInt32If(ref reader, fields, MessageFields.FromIncarnation));
        var to = new Incarnation(ReadUInt32If(ref reader, fields, MessageFields.ToIncarnation));
        var message = new Message
        {
            Kind = kind,
            Cluster = cluster,
            From = ends.From,
            To = ends.To,
            FromIncarnation = (fields & MessageFields.FromIncarnation) != 0 ? from : ends.FromIncarnation,
            ToIncarnation = to,
            Term = new Term(reader.ReadVarint()),
            Flags = (MessageFlags)ReadByteIf(ref reader, fields, MessageFields.Flags),
            Reason = (MessageReason)ReadByteIf(ref reader, fields, MessageFields.Reason),
            Entry = (fields & MessageFields.Entry) != 0 ? EntryId.Of(reader.ReadVarint(), reader.ReadVarint()) : default,
            Last = new LogIndex(ReadIf(ref reader, fields, MessageFields.Last)),
            EntriesTerm = new Term(ReadIf(ref reader, fields, MessageFields.EntriesTerm)),
            Commit = new LogIndex(ReadIf(ref reader, fields, MessageFields.Commit)),
            Round = ReadIf(ref reader, fields, MessageFields.Round),
            Sequence = ReadIf(ref reader, fields, MessageFields.Sequence),
            Bytes = ReadLength(ref reader, fields),
            Snapshot = (fields & MessageFields.Snapshot) != 0 ? ReadSnapshot(ref reader) : null,
        };
        ulong count = isAppend ? message.EntryCount : 0;

        // What the sender would have left out isn't there twice: neither a zero nor what the hello has said already.
        if (reader.HasFailed || FieldsOf(message, ends) != (fields & ~MessageFields.Membership)
            || message.Flags > (MessageFlags)63 || message.Reason > MessageReason.OtherLogKind
            || count > WireLimits.EntriesMax || count > (ulong)(reader.Remaining / EntryHeadBytesMin))
        {
            reader.Fail();
            return;
        }

        into.Reserve((int)count);
        for (int i = 0; i < (int)count && !reader.HasFailed; i++)
        {
            into.Add(ReadEntry(ref reader, body));
        }

        Membership? membership = null;
        if ((fields & MessageFields.Membership) != 0 && !TryReadMembership(into.Entries, out membership))
        {
            reader.Fail();
        }

        into.Take(membership is null ? message : message with { Membership = membership });
    }

    private static MessageFields FieldsOf(in Message message, in MessageEnds ends) =>
        If(MessageFields.Flags, message.Flags != MessageFlags.None)
        | If(MessageFields.Reason, message.Reason != MessageReason.None)
        | If(MessageFields.Entry, message.Entry != EntryId.Zero)
        | If(MessageFields.Last, message.Last != LogIndex.Zero)
        | If(MessageFields.EntriesTerm, message.EntriesTerm != Term.Zero)
        | If(MessageFields.Commit, message.Commit != LogIndex.Zero)
        | If(MessageFields.Round, message.Round != 0)
        | If(MessageFields.Sequence, message.Sequence != 0)
        | If(MessageFields.Bytes, message.Bytes != 0)
        | If(MessageFields.Membership, message.Membership is not null)
        | If(MessageFields.Snapshot, message.Snapshot is not null)
        | If(MessageFields.ToIncarnation, message.ToIncarnation != Incarnation.Unknown)
        | If(MessageFields.FromIncarnation, message.FromIncarnation != ends.FromIncarnation)
        | If(MessageFields.Cluster, message.Cluster != ends.Cluster);

    private static MessageFields If(MessageFields field, bool isThere) => isThere ? field : MessageFields.None;

    private static void WriteIf(ref WireWriter writer, MessageFields fields, MessageFields field, ulong value)
    {
        if ((fields & field) != 0)
        {
            writer.WriteVarint(value);
        }
    }

    private static ulong ReadIf(ref WireReader reader, MessageFields fields, MessageFields field) =>
        (fields & field) != 0 ? reader.ReadVarint() : 0;

    private static byte ReadByteIf(ref WireReader reader, MessageFields fields, MessageFields field) =>
        (fields & field) != 0 ? reader.ReadByte() : (byte)0;

    private static uint ReadUInt32If(ref WireReader reader, MessageFields fields, MessageFields field)
    {
        ulong value = ReadIf(ref reader, fields, field);
        if (value <= uint.MaxValue)
        {
            return (uint)value;
        }

        reader.Fail();
        return 0;
    }

    private static long ReadLength(ref WireReader reader, MessageFields fields) => ReadLength(ref reader, ReadIf(ref reader, fields, MessageFields.Bytes));

    private static long ReadLength(ref WireReader reader, ulong value)
    {
        if (value <= long.MaxValue)
        {
            return (long)value;
        }

        reader.Fail();
        return 0;
    }

    private static void WriteSnapshot(ref WireWriter writer, Snapshot snapshot)
    {
        writer.WriteVarint(snapshot.Last.Term.Value);
        writer.WriteVarint(snapshot.Last.Index.Value);
        writer.WriteVarint(snapshot.MembershipIndex.Value);
        writer.WriteVarint((ulong)snapshot.Bytes);
        int size = MembershipCodec.GetSize(snapshot.Membership);
        writer.Write((ushort)size);
        MembershipCodec.Write(snapshot.Membership, writer.Skip(size));
    }

    private static Snapshot? ReadSnapshot(ref WireReader reader)
    {
        EntryId last = EntryId.Of(reader.ReadVarint(), reader.ReadVarint());
        var membershipIndex = new LogIndex(reader.ReadVarint());
        long bytes = ReadLength(ref reader, reader.ReadVarint());
        ReadOnlySpan<byte> encoded = reader.ReadBytes(reader.ReadUInt16());
        if (!reader.HasFailed && MembershipCodec.TryRead(encoded, out Membership membership, out _))
        {
            return new Snapshot(last, membership, membershipIndex, bytes);
        }

        reader.Fail();
        return null;
    }

    private static void WriteEntry(ref WireWriter writer, in WireEntry entry)
    {
        Invariant.Check(!entry.IsHeaderOnly || entry.Payload.IsEmpty);
        writer.Write(entry.Kind);
        writer.Write(entry.IsHeaderOnly ? HeaderOnlyFlag : (byte)0);
        writer.Write(entry.Checksum);
        writer.WriteVarint((ulong)entry.Payload.Length);
        writer.Write(entry.Payload.Span);
    }

    private static WireEntry ReadEntry(ref WireReader reader, ReadOnlyMemory<byte> body)
    {
        byte kind = reader.ReadByte();
        byte flags = reader.ReadByte();
        uint checksum = reader.ReadUInt32();
        ulong length = reader.ReadVarint();
        int start = reader.Position;
        if (flags > HeaderOnlyFlag || (flags == HeaderOnlyFlag && length > 0) || length > (ulong)reader.Remaining)
        {
            reader.Fail();
            return default;
        }

        reader.ReadBytes((int)length);
        return reader.HasFailed ? default : new WireEntry(kind, checksum, flags == HeaderOnlyFlag, body.Slice(start, (int)length));
    }

    private static bool TryReadMembership(ReadOnlySpan<WireEntry> entries, out Membership? membership)
    {
        membership = null;
        if (entries.IsEmpty || !MembershipCodec.TryRead(entries[^1].Payload.Span, out Membership read, out _))
        {
            return false;
        }

        membership = read;
        return true;
    }
}
