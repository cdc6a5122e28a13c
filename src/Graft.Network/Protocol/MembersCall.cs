using Graft.Consensus;

namespace Graft.Network;

/// <summary>The body of <see cref="CallMethod.ChangeMembers"/>.</summary>
/// <remarks>
/// <code>
/// flags u8 (bit 0: compare) · [expected index varint] · count u16 · per edit: verb u8, node u64
/// </code>
/// The verbs' numbers are <c>add 1, add learner 2, add witness 3, promote 4, demote 5, remove 6</c>.
/// </remarks>
/// <param name="Change">What is to become of whom.</param>
/// <param name="Expected">The configuration's index that the caller looked at; null if whatever is.</param>
public sealed record MembersCall(MembershipChange Change, LogIndex? Expected)
{
    private const byte HasExpected = 1;

    private static readonly MembershipVerb[] Verbs =
    [
        MembershipVerb.Add, MembershipVerb.AddLearner, MembershipVerb.AddWitness,
        MembershipVerb.Promote, MembershipVerb.Demote, MembershipVerb.Remove,
    ];

    public byte[] Encode()
    {
        byte[] body = new byte[3 + WireWriter.VarintBytesMax + (Change.Edits.Length * 9)];
        var writer = new WireWriter(body);
        writer.Write(Expected is null ? (byte)0 : HasExpected);
        if (Expected is { } expected)
        {
            writer.WriteVarint(expected.Value);
        }

        writer.Write((ushort)Change.Edits.Length);
        foreach (MembershipEdit edit in Change.Edits)
        {
            writer.Write((byte)(Array.IndexOf(Verbs, edit.Verb) + 1));
            writer.Write(edit.Node.Value);
        }

        return body[..writer.Position];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    /// <returns>Null if the bytes are none.</returns>
    public static MembersCall? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        byte flags = reader.ReadByte();
        LogIndex? expected = flags == HasExpected ? new LogIndex(reader.ReadVarint()) : null;
        int count = reader.ReadUInt16();
        MembershipChange change = MembershipChange.None;
        for (int i = 0; i < count && !reader.HasFailed; i++)
        {
            byte verb = reader.ReadByte();
            var node = new NodeId(reader.ReadUInt64());
            if (verb < 1 || verb > Verbs.Length)
            {
                return null;
            }

            change = Verbs[verb - 1] switch
            {
                MembershipVerb.Add => change.Add(node),
                MembershipVerb.AddLearner => change.AddLearner(node),
                MembershipVerb.AddWitness => change.AddWitness(node),
                MembershipVerb.Promote => change.Promote(node),
                MembershipVerb.Demote => change.Demote(node),
                _ => change.Remove(node),
            };
        }

        return reader.HasFailed || reader.Remaining > 0 || flags > HasExpected ? null : new MembersCall(change, expected);
    }
}
