using System.Buffers.Binary;
using System.Globalization;

namespace Graft.Consensus;

/// <summary>A <see cref="Membership"/> as bytes: in snapshots, in log entries and in messages.</summary>
/// <remarks>
/// <code>
/// offset  size  field                                   (integers are little-endian)
///      0     1  version of this encoding: 1 in the first epoch (and of nobody), else 2
///      1     2  number of members, n
///      3     8  of version 2 only: the epoch
///      …   10n  the members, by id:
///            8    id
///            1    role: 0 voter, 1 learner, 2 joining, 3 leaving
///            1    bit 0: votes in the outgoing half; bit 1: witness; the others are zero
/// </code>
/// <para>
/// Canonical: one membership has one encoding, so that two nodes may compare bytes. There is no checksum, because whatever
/// carries a membership has its own.
/// </para>
/// <para>
/// The role's numbers are this table's and not those of <see cref="MemberRole"/>: the enumeration may be sorted anew, a
/// disk may not.
/// </para>
/// </remarks>
public static class MembershipCodec
{
    /// <summary>More than any cluster has; it bounds what a reader believes before it has seen the bytes.</summary>
    public const int MembersMax = 1024;

    /// <summary>The size of the largest encoding.</summary>
    public const int BytesMax = HeadBytes + EpochBytes + (MembersMax * MemberBytes);

    private const byte Version = 1;
    private const byte VersionWithEpoch = 2;
    private const int HeadBytes = 3;
    private const int EpochBytes = 8;
    private const int MemberBytes = 10;
    private const byte OutgoingFlag = 1;
    private const byte WitnessFlag = 2;

    /// <summary>How many bytes <see cref="Write"/> needs.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="MembersMax"/> members.</exception>
    public static int GetSize(Membership membership)
    {
        ArgumentNullException.ThrowIfNull(membership);
        int count = membership.Members.Length;
        return count <= MembersMax
            ? HeadBytes + (HasEpoch(membership) ? EpochBytes : 0) + (count * MemberBytes)
            : throw new ArgumentException($"{count} members; at most {MembersMax} can be encoded.", nameof(membership));
    }

    /// <summary>Encodes at the start of <paramref name="destination"/>.</summary>
    /// <returns>How many bytes it took: <see cref="GetSize"/>.</returns>
    /// <exception cref="ArgumentException">There are more than <see cref="MembersMax"/> members, or too little room.</exception>
    public static int Write(Membership membership, Span<byte> destination)
    {
        int size = GetSize(membership);
        if (destination.Length < size)
        {
            throw new ArgumentException($"{destination.Length} bytes are too few; {size} are needed.", nameof(destination));
        }

        destination[0] = HasEpoch(membership) ? VersionWithEpoch : Version;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[1..], (ushort)membership.Members.Length);
        Span<byte> rest = destination[HeadBytes..size];
        if (HasEpoch(membership))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, membership.Epoch.Value);
            rest = rest[EpochBytes..];
        }

        foreach (Member member in membership.Members)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(rest, member.Id.Value);
            rest[8] = NumberOf(member.Role);
            rest[9] = (byte)((member.VotesInOutgoing ? OutgoingFlag : 0) | (member.IsWitness ? WitnessFlag : 0));
            rest = rest[MemberBytes..];
        }

        return size;
    }

    /// <summary>Decodes exactly these bytes. Never throws, whatever they are.</summary>
    /// <param name="source">The encoding, and nothing behind it.</param>
    /// <param name="membership">What it says; <see cref="Membership.Empty"/> if it's refused.</param>
    /// <param name="error">Why it's refused, in a sentence; empty if it isn't.</param>
    public static bool TryRead(ReadOnlySpan<byte> source, out Membership membership, out string error)
    {
        membership = Membership.Empty;
        if (source.Length < HeadBytes)
        {
            return Refuse(out error, $"A membership of {source.Length} bytes is cut short.");
        }

        if (source[0] is not (Version or VersionWithEpoch))
        {
            return Refuse(out error, $"The membership has encoding version {source[0]}; this program knows up to {VersionWithEpoch}.");
        }

        int head = HeadBytes + (source[0] == VersionWithEpoch ? EpochBytes : 0);

        int count = BinaryPrimitives.ReadUInt16LittleEndian(source[1..]);
        if (count > MembersMax)
        {
            return Refuse(out error, $"The membership has {count} members; at most {MembersMax} are believed.");
        }

        if (source.Length != head + (count * MemberBytes))
        {
            return Refuse(out error, $"{count} members take {head + (count * MemberBytes)} bytes, not {source.Length}.");
        }

        Epoch epoch = source[0] == VersionWithEpoch ? new Epoch(BinaryPrimitives.ReadUInt64LittleEndian(source[HeadBytes..])) : Epoch.First;
        if (source[0] == VersionWithEpoch && (epoch.Number <= 1 || count == 0))
        {
            return Refuse(out error, $"The membership names epoch {epoch}, which has another encoding or none.");
        }

        var members = new Member[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> bytes = source.Slice(head + (i * MemberBytes), MemberBytes);
            if (!TryReadMember(bytes, out members[i], out error))
            {
                return false;
            }

            if (i > 0 && members[i - 1].Id >= members[i].Id)
            {
                return Refuse(out error, $"{members[i].Id} follows {members[i - 1].Id}; members are sorted and unique.");
            }
        }

        membership = source[0] == VersionWithEpoch ? Membership.Of(members).In(epoch) : Membership.Of(members);
        error = "";
        return true;
    }

    private static bool TryReadMember(ReadOnlySpan<byte> bytes, out Member member, out string error)
    {
        member = default;
        var id = new NodeId(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        if (!TryReadRole(bytes[8], out MemberRole role))
        {
            return Refuse(out error, $"{id} has the unknown role {bytes[8]}.");
        }

        byte flags = bytes[9];
        if ((flags & ~(OutgoingFlag | WitnessFlag)) != 0)
        {
            return Refuse(out error, $"{id} has unknown flags: {flags.ToString("x2", CultureInfo.InvariantCulture)}.");
        }

        member = new Member(id, role, VotesInOutgoing: (flags & OutgoingFlag) != 0, IsWitness: (flags & WitnessFlag) != 0);
        error = "";
        return role != MemberRole.Leaving || member.VotesInOutgoing
            || Refuse(out error, $"{id} is leaving but has no vote in the outgoing half.");
    }

    // Nobody has no epoch, and that of a cluster that was never recovered is known.
    private static bool HasEpoch(Membership membership) => membership.Epoch.Number > 1;

    private static byte NumberOf(MemberRole role) => role switch
    {
        MemberRole.Voter => 0,
        MemberRole.Learner => 1,
        MemberRole.Joining => 2,
        MemberRole.Leaving => 3,
    };

    private static bool TryReadRole(byte number, out MemberRole role)
    {
        role = number switch
        {
            1 => MemberRole.Learner,
            2 => MemberRole.Joining,
            3 => MemberRole.Leaving,
            _ => MemberRole.Voter,
        };
        return number <= 3;
    }

    private static bool Refuse(out string error, string sentence)
    {
        error = sentence;
        return false;
    }
}
