using System.Collections.Immutable;
using System.Text;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>What is to become of whom: the body of <see cref="CallMethod.ChangeMembers"/> and <see cref="CallMethod.PlanMembers"/>.</summary>
/// <remarks>
/// <code>
/// flags u8 (1 compare, 2 stop the removed, 4 force) · [expected index varint] · count u16 · per edit: verb u8, node u64
/// · count u16 · per address: node u64, length u8, UTF-8
/// </code>
/// The verbs' numbers are <c>add 1, add learner 2, add witness 3, promote 4, demote 5, remove 6</c>.
/// </remarks>
/// <param name="Change">All of it is done in one step. It may be empty if <see cref="Addresses"/> isn't: then nodes are moved, and nothing else.</param>
/// <param name="Expected">The configuration's index that the caller looked at: another one by now refuses the change. Null if whatever is.</param>
public sealed record MembersRequest(MembershipChange Change, LogIndex? Expected = null)
{
    private const byte HasExpected = 1;
    private const byte StopsRemoved = 2;
    private const byte IsForced = 4;
    private const byte AllFlags = HasExpected | StopsRemoved | IsForced;

    private static readonly MembershipVerb[] Verbs =
    [
        MembershipVerb.Add, MembershipVerb.AddLearner, MembershipVerb.AddWitness,
        MembershipVerb.Promote, MembershipVerb.Demote, MembershipVerb.Remove,
    ];

    /// <summary>Where nodes are reached, from now on: of those that are added, if they haven't said so themselves, and of members that have moved.</summary>
    public ImmutableArray<(NodeId Node, NodeAddress Address)> Addresses { get; init; } = [];

    /// <summary>Whoever is removed is asked to stop. Without this it says that it was removed, and idles.</summary>
    public bool StopRemoved { get; init; }

    /// <summary>Makes the change although nobody can see that it will be done: too few voters answer, an address is missing, or leadership can't be handed over.</summary>
    public bool Force { get; init; }

    /// <summary>Its bytes on the wire, in the form above.</summary>
    /// <exception cref="OverflowException">An address has more than <see cref="NodeAddress.BytesMax"/> bytes. Whatever <see cref="NodeAddress.TryParse"/> takes has no more.</exception>
    public byte[] Encode()
    {
        byte[] body = new byte[5 + WireWriter.VarintBytesMax + (Change.Edits.Length * 9) + (Addresses.Length * (9 + NodeAddress.BytesMax))];
        var writer = new WireWriter(body);
        writer.Write((byte)((Expected is null ? 0 : HasExpected) | (StopRemoved ? StopsRemoved : 0) | (Force ? IsForced : 0)));
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

        writer.Write((ushort)Addresses.Length);
        foreach ((NodeId node, NodeAddress address) in Addresses)
        {
            byte[] text = Encoding.UTF8.GetBytes(address.ToString());
            writer.Write(node.Value);
            writer.Write((byte)text.Length);
            writer.Write(text);
        }

        return body[..writer.Position];
    }

    // More than members any configuration has, and each edit costs a look at those before it.
    private const int EditsMax = 2 * Membership.MembersMax;

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    /// <returns>Null if the bytes are none.</returns>
    public static MembersRequest? TryRead(ReadOnlySpan<byte> body)
    {
        var reader = new WireReader(body);
        byte flags = reader.ReadByte();
        LogIndex? expected = (flags & HasExpected) != 0 ? new LogIndex(reader.ReadVarint()) : null;
        int count = reader.ReadUInt16();
        if (count > EditsMax)
        {
            return null;
        }

        MembershipChange change = MembershipChange.None;
        for (int i = 0; i < count && !reader.HasFailed; i++)
        {
            byte verb = reader.ReadByte();
            var node = new NodeId(reader.ReadUInt64());
            if (verb < 1 || verb > Verbs.Length)
            {
                return null;
            }

            change = With(change, Verbs[verb - 1], node);
        }

        ImmutableArray<(NodeId, NodeAddress)>.Builder addresses = ImmutableArray.CreateBuilder<(NodeId, NodeAddress)>();
        count = reader.ReadUInt16();
        if (count > EditsMax)
        {
            return null;
        }

        for (int i = 0; i < count && !reader.HasFailed; i++)
        {
            var node = new NodeId(reader.ReadUInt64());
            string text = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadByte()));
            if (!NodeAddress.TryParse(text, out NodeAddress address, out _))
            {
                return null;
            }

            addresses.Add((node, address));
        }

        return reader.HasFailed || reader.Remaining > 0 || flags > AllFlags ? null : new MembersRequest(change, expected)
        {
            Addresses = addresses.ToImmutable(),
            StopRemoved = (flags & StopsRemoved) != 0,
            Force = (flags & IsForced) != 0,
        };
    }

    private static MembershipChange With(MembershipChange change, MembershipVerb verb, NodeId node) => verb switch
    {
        MembershipVerb.Add => change.Add(node),
        MembershipVerb.AddLearner => change.AddLearner(node),
        MembershipVerb.AddWitness => change.AddWitness(node),
        MembershipVerb.Promote => change.Promote(node),
        MembershipVerb.Demote => change.Demote(node),
        _ => change.Remove(node),
    };
}
