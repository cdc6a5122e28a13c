using Graft.Consensus;

namespace Graft.Network.Tests.Codecs;

/// <summary>Messages with any values that a field can hold, by seed.</summary>
internal static class RandomMessages
{
    internal static readonly MessageEnds Ends = new(new ClusterId(0xC0FFEE), new NodeId(7), new NodeId(8), new Incarnation(3));

    internal static readonly MessageKind[] Kinds = [.. Enum.GetValues<MessageKind>().Where(kind => kind != MessageKind.None)];

    internal static Message Draw(SeededRandom random, MessageKind kind, out WireEntry[] entries)
    {
        entries = [];
        var message = new Message
        {
            Kind = kind,
            Cluster = random.Chance(900) ? Ends.Cluster : new ClusterId(Number(random)),
            From = Ends.From,
            To = Ends.To,
            FromIncarnation = random.Chance(900) ? Ends.FromIncarnation : new Incarnation((uint)(Number(random) >> 32)),
            ToIncarnation = new Incarnation((uint)(Number(random) >> 32)),
            Term = new Term(Number(random)),
            Flags = (MessageFlags)random.Next(0, 31),
            Reason = (MessageReason)random.Next(0, (int)MessageReason.OtherLogKind),
            Entry = EntryId.Of(Number(random), Number(random)),
            Last = new LogIndex(Number(random)),
            EntriesTerm = new Term(Number(random)),
            Commit = new LogIndex(Number(random)),
            Round = Number(random),
            Sequence = Number(random),
            Bytes = (long)(Number(random) >> 1),
            Snapshot = kind == MessageKind.InstallSnapshot ? DrawSnapshot(random) : null,
        };
        if (kind != MessageKind.AppendEntries)
        {
            return message;
        }

        entries = new WireEntry[random.Chance(300) ? 0 : random.Next(1, 40)];
        ulong previous = Math.Min(message.Entry.Index.Value, ulong.MaxValue - 1000);
        message = message with { Entry = new EntryId(message.Entry.Term, new LogIndex(previous)), Last = new LogIndex(previous + (ulong)entries.Length) };
        for (int i = 0; i < entries.Length; i++)
        {
            bool isHeaderOnly = random.Chance(200);
            entries[i] = new WireEntry(
                (byte)random.NextBelow(256), (uint)(random.NextUInt64() >> 32), isHeaderOnly, isHeaderOnly ? default : Bytes(random, random.Next(0, 300)));
        }

        if (entries.Length > 0 && random.Chance(300))
        {
            Membership membership = DrawMembership(random);
            byte[] payload = new byte[MembershipCodec.GetSize(membership)];
            MembershipCodec.Write(membership, payload);
            entries[^1] = entries[^1] with { Payload = payload, IsHeaderOnly = false };
            message = message with { Membership = membership };
        }

        return message;
    }

    internal static byte[] Bytes(SeededRandom random, int count)
    {
        byte[] bytes = new byte[count];
        foreach (ref byte each in bytes.AsSpan())
        {
            each = (byte)random.NextBelow(256);
        }

        return bytes;
    }

    internal static ulong Number(SeededRandom random) =>
        random.Chance(200) ? 0 : random.Chance(100) ? ulong.MaxValue - random.NextBelow(2) : random.NextUInt64() >> random.Next(0, 63);

    /// <summary>The frames that a link would send for these messages, sealed.</summary>
    internal static byte[] Encode(params ReadOnlySpan<(GroupId Group, Message Message, WireEntry[] Entries)> messages)
    {
        byte[] frame = new byte[FrameHeader.Size + (int)Sum(messages)];
        int at = FrameHeader.Size;
        foreach ((GroupId group, Message message, WireEntry[] entries) in messages)
        {
            at += MessageCodec.Write(frame.AsSpan(at), group, message, entries, Ends);
        }

        FrameHeader.Write(frame, FrameType.Batch, at - FrameHeader.Size, 0);
        FrameHeader.Seal(frame.AsSpan(0, at));
        return frame[..at];
    }

    private static long Sum(ReadOnlySpan<(GroupId Group, Message Message, WireEntry[] Entries)> messages)
    {
        long sum = 0;
        foreach ((_, Message message, WireEntry[] entries) in messages)
        {
            sum += MessageCodec.GetSizeMax(message, entries);
        }

        return sum;
    }

    private static Snapshot DrawSnapshot(SeededRandom random) =>
        new(EntryId.Of(Number(random), Number(random)), DrawMembership(random), new LogIndex(Number(random)), (long)(Number(random) >> 1));

    private static Membership DrawMembership(SeededRandom random)
    {
        var members = new List<Member>();
        ulong id = 0;
        for (int i = random.Next(1, 12); i > 0; i--)
        {
            id += 1 + (random.NextUInt64() >> 40);
            members.Add(new Member(new NodeId(id), MemberRole.Voter, VotesInOutgoing: random.Chance(500), IsWitness: random.Chance(200)));
        }

        return Membership.Of(members);
    }
}
