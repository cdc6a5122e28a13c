using System.Text;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>The body of an answer that isn't <see cref="ReplyStatus.Done"/>.</summary>
/// <remarks>
/// <code>
/// reason u8 · flags u8 (1 a leader, 2 a change of members) · [leader u64] · [refusal u8 · membership index varint]
/// · entry term varint · entry index varint · session varint · sequence varint · text: the rest
/// </code>
/// </remarks>
/// <param name="Reason">Why; <see cref="RejectReason.None"/> if the outcome is unknown.</param>
/// <param name="Leader">Where to go instead; null if nobody said.</param>
/// <param name="Write">The command, if its outcome is unknown.</param>
/// <param name="Text">A sentence. What is beyond 4,096 bytes of it doesn't travel.</param>
public readonly record struct FailureReply(RejectReason Reason, NodeId? Leader, WriteId Write, string Text)
{
    private const byte HasLeader = 1;
    private const byte HasRefusal = 2;
    private const int HeadMax = 11 + (5 * WireWriter.VarintBytesMax);
    private const int TextBytesMax = 4096;

    /// <summary>Of a change of members: why it was refused, and the configuration's index that it met.</summary>
    public (MembershipRefusal Refusal, LogIndex Index)? Members { get; init; }

    /// <summary>Its bytes on the wire, in the form above.</summary>
    public byte[] Encode()
    {
        byte[] text = Encoding.UTF8.GetBytes(Text);
        Span<byte> head = stackalloc byte[HeadMax];
        var writer = new WireWriter(head);
        writer.Write((byte)Reason);
        writer.Write((byte)((Leader is null ? 0 : HasLeader) | (Members is null ? 0 : HasRefusal)));
        if (Leader is { } leader)
        {
            writer.Write(leader.Value);
        }

        if (Members is { } members)
        {
            writer.Write((byte)members.Refusal);
            writer.WriteVarint(members.Index.Value);
        }

        writer.WriteVarint(Write.Entry.Term.Value);
        writer.WriteVarint(Write.Entry.Index.Value);
        writer.WriteVarint(Write.Session);
        writer.WriteVarint(Write.Sequence);
        return [.. head[..writer.Position], .. text.AsSpan(0, Math.Min(text.Length, TextBytesMax))];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out FailureReply reply)
    {
        var reader = new WireReader(body);
        var reason = (RejectReason)reader.ReadByte();
        byte flags = reader.ReadByte();
        NodeId? leader = (flags & HasLeader) != 0 ? new NodeId(reader.ReadUInt64()) : null;
        (MembershipRefusal, LogIndex)? members = (flags & HasRefusal) != 0
            ? ((MembershipRefusal)reader.ReadByte(), new LogIndex(reader.ReadVarint()))
            : null;
        EntryId entry = EntryId.Of(reader.ReadVarint(), reader.ReadVarint());
        var write = new WriteId(entry, reader.ReadVarint(), reader.ReadVarint());
        reply = new FailureReply(reason, leader, write, reader.HasFailed ? "" : Encoding.UTF8.GetString(body[reader.Position..]))
        {
            Members = members,
        };
        return !reader.HasFailed && flags <= (HasLeader | HasRefusal);
    }
}
