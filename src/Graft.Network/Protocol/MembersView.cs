using System.Collections.Immutable;
using System.Text;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>The answer to <see cref="CallMethod.ListMembers"/>: the members of a group as its leader sees them.</summary>
/// <remarks>
/// <code>
/// flags u8 (bit 0: a change is under way) · leader u64 · term varint · membership index varint · last index varint
/// · membership: length u16, MembershipCodec
/// · per member, in its order: phase u8 · flags u8 (bit 0: reachable) · match varint · lag varint · silent for, ms, varint
///   · snapshot bytes varint · snapshot total varint · address: length u8, UTF-8
/// </code>
/// </remarks>
/// <param name="Leader">Who leads.</param>
/// <param name="Term">In which term.</param>
/// <param name="Index">Where the configuration was appended: what a change compares with.</param>
/// <param name="Last">The last entry of the leader's log.</param>
/// <param name="Membership">The configuration in force.</param>
/// <param name="IsChanging">It isn't committed yet, or is a joint one.</param>
/// <param name="Members">The members, in the order of the configuration.</param>
public sealed record MembersView(
    NodeId Leader, Term Term, LogIndex Index, LogIndex Last, Membership Membership, bool IsChanging, ImmutableArray<MemberView> Members)
{
    private const byte Changing = 1;
    private const byte Reachable = 1;
    private const int RowBytesMax = 3 + (5 * WireWriter.VarintBytesMax) + byte.MaxValue;

    /// <summary>A member; null if the node is none.</summary>
    public MemberView? Find(NodeId node) => Members.FirstOrDefault(member => member.Node == node);

    /// <summary>Its bytes on the wire, in the form above.</summary>
    public byte[] Encode()
    {
        byte[] body = new byte[12 + (3 * WireWriter.VarintBytesMax) + MembershipCodec.GetSize(Membership) + (Members.Length * RowBytesMax)];
        var writer = new WireWriter(body);
        writer.Write(IsChanging ? Changing : (byte)0);
        writer.Write(Leader.Value);
        writer.WriteVarint(Term.Value);
        writer.WriteVarint(Index.Value);
        writer.WriteVarint(Last.Value);
        writer.Write((ushort)MembershipCodec.GetSize(Membership));
        MembershipCodec.Write(Membership, writer.Skip(MembershipCodec.GetSize(Membership)));
        foreach (MemberView member in Members)
        {
            writer.Write((byte)member.Phase);
            writer.Write(member.IsReachable ? Reachable : (byte)0);
            writer.WriteVarint(member.Match.Value);
            writer.WriteVarint(member.Lag);
            writer.WriteVarint((ulong)member.SilentFor.TotalMilliseconds);
            writer.WriteVarint((ulong)member.SnapshotBytes);
            writer.WriteVarint((ulong)member.SnapshotTotal);
            byte[] address = Encoding.UTF8.GetBytes(member.Address);
            writer.Write((byte)address.Length);
            writer.Write(address);
        }

        return body[..writer.Position];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    /// <returns>Null if the bytes are none.</returns>
    public static MembersView? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        MembersView? view = Read(ref reader);
        return reader.Remaining > 0 ? null : view;
    }

    internal static MembersView? Read(ref WireReader reader)
    {
        byte flags = reader.ReadByte();
        var leader = new NodeId(reader.ReadUInt64());
        var term = new Term(reader.ReadVarint());
        var index = new LogIndex(reader.ReadVarint());
        var last = new LogIndex(reader.ReadVarint());
        ReadOnlySpan<byte> encoded = reader.ReadBytes(reader.ReadUInt16());
        if (reader.HasFailed || flags > Changing || !MembershipCodec.TryRead(encoded, out Membership membership, out _))
        {
            return null;
        }

        ImmutableArray<MemberView>.Builder members = ImmutableArray.CreateBuilder<MemberView>();
        foreach (Member member in membership.Members)
        {
            if (ReadMember(ref reader, member) is not { } row)
            {
                return null;
            }

            members.Add(row);
        }

        return new MembersView(leader, term, index, last, membership, flags == Changing, members.ToImmutable());
    }

    private static MemberView? ReadMember(ref WireReader reader, Member member)
    {
        byte phase = reader.ReadByte();
        byte flags = reader.ReadByte();
        var match = new LogIndex(reader.ReadVarint());
        ulong lag = reader.ReadVarint();
        ulong silent = reader.ReadVarint();
        ulong bytes = reader.ReadVarint();
        ulong total = reader.ReadVarint();
        string address = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadByte()));
        bool isSound = !reader.HasFailed && phase <= (byte)CatchUpPhase.Suspect && flags <= Reachable
            && silent <= int.MaxValue && bytes <= long.MaxValue && total <= long.MaxValue;
        return !isSound ? null : new MemberView
        {
            Member = member,
            Address = address,
            Phase = (CatchUpPhase)phase,
            Match = match,
            Lag = lag,
            SilentFor = TimeSpan.FromMilliseconds((int)silent),
            IsReachable = flags == Reachable,
            SnapshotBytes = (long)bytes,
            SnapshotTotal = (long)total,
        };
    }
}
