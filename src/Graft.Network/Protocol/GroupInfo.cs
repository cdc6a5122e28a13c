using System.Collections.Immutable;
using System.Text;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>The answer to <see cref="CallMethod.Describe"/>: a group as one node knows it.</summary>
/// <remarks>
/// <code>
/// flags u8 (1 a leader, 2 a change is under way) · term varint · [leader u64] · applied varint · membership index varint
/// · membership: length u16, MembershipCodec · count u16 · per address: node u64, length u8, UTF-8
/// </code>
/// </remarks>
/// <param name="Term">The node's term.</param>
/// <param name="Leader">Who leads it, if known.</param>
/// <param name="Applied">How far the node has applied.</param>
/// <param name="MembershipIndex">Where the configuration was appended: what a change compares with.</param>
/// <param name="Membership">The configuration.</param>
/// <param name="Addresses">Where nodes said that they can be reached.</param>
public sealed record GroupInfo(
    Term Term, NodeId? Leader, LogIndex Applied, LogIndex MembershipIndex, Membership Membership, ImmutableArray<(NodeId Node, string Address)> Addresses)
{
    private const byte HasLeader = 1;
    private const byte Changing = 2;

    /// <summary>The configuration isn't known to be committed, or is a joint one.</summary>
    public bool IsChanging { get; init; }

    /// <summary>Its bytes on the wire, in the form above.</summary>
    public byte[] Encode()
    {
        byte[] membership = new byte[MembershipCodec.GetSize(Membership)];
        MembershipCodec.Write(Membership, membership);
        byte[] body = new byte[9 + (3 * WireWriter.VarintBytesMax) + 4 + membership.Length + Addresses.Sum(row => 9 + Encoding.UTF8.GetByteCount(row.Address))];
        var writer = new WireWriter(body);
        writer.Write((byte)((Leader is null ? 0 : HasLeader) | (IsChanging ? Changing : 0)));
        writer.WriteVarint(Term.Value);
        if (Leader is { } leader)
        {
            writer.Write(leader.Value);
        }

        writer.WriteVarint(Applied.Value);
        writer.WriteVarint(MembershipIndex.Value);
        writer.Write((ushort)membership.Length);
        writer.Write(membership);
        writer.Write((ushort)Addresses.Length);
        foreach ((NodeId node, string address) in Addresses)
        {
            byte[] text = Encoding.UTF8.GetBytes(address);
            writer.Write(node.Value);
            writer.Write((byte)text.Length);
            writer.Write(text);
        }

        return body[..writer.Position];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    /// <returns>Null if the bytes are none.</returns>
    public static GroupInfo? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        byte flags = reader.ReadByte();
        var term = new Term(reader.ReadVarint());
        NodeId? leader = (flags & HasLeader) != 0 ? new NodeId(reader.ReadUInt64()) : null;
        var applied = new LogIndex(reader.ReadVarint());
        var index = new LogIndex(reader.ReadVarint());
        ReadOnlySpan<byte> encoded = reader.ReadBytes(reader.ReadUInt16());
        if (reader.HasFailed || flags > (HasLeader | Changing) || !MembershipCodec.TryRead(encoded, out Membership membership, out _))
        {
            return null;
        }

        int count = reader.ReadUInt16();
        ImmutableArray<(NodeId, string)>.Builder addresses = ImmutableArray.CreateBuilder<(NodeId, string)>();
        for (int i = 0; i < count && !reader.HasFailed; i++)
        {
            var node = new NodeId(reader.ReadUInt64());
            addresses.Add((node, Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadByte()))));
        }

        return reader.HasFailed || reader.Remaining > 0 ? null : new GroupInfo(term, leader, applied, index, membership, addresses.ToImmutable())
        {
            IsChanging = (flags & Changing) != 0,
        };
    }
}
