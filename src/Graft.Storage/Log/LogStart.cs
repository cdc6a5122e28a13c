using Graft.Consensus;

namespace Graft.Storage;

/// <summary>Where a group's log begins, and what was in force there.</summary>
/// <param name="At">The last entry that is compacted away.</param>
/// <param name="MembershipIndex">Where the configuration in force at it was appended.</param>
/// <param name="Membership">That configuration, encoded.</param>
public readonly record struct LogStart(EntryId At, LogIndex MembershipIndex, ReadOnlyMemory<byte> Membership)
{
    /// <summary>The beginning: nothing compacted, nobody a member.</summary>
    public static LogStart Zero => default;

    /// <summary>A start with its configuration encoded.</summary>
    /// <param name="at">The last entry that is compacted away.</param>
    /// <param name="membershipIndex">Where the configuration in force at it was appended.</param>
    /// <param name="membership">That configuration.</param>
    /// <exception cref="ArgumentException">The configuration has more members than can be encoded.</exception>
    public static LogStart Of(EntryId at, LogIndex membershipIndex, Membership membership)
    {
        byte[] encoded = new byte[MembershipCodec.GetSize(membership)];
        MembershipCodec.Write(membership, encoded);
        return new LogStart(at, membershipIndex, encoded);
    }
}
