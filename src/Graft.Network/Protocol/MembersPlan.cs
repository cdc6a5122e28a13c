using System.Collections.Immutable;
using System.Text;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>The answer to <see cref="CallMethod.PlanMembers"/>: what a change would do, or why it wouldn't be made. Nothing was changed.</summary>
/// <remarks>
/// <code>
/// view (MembersView) · membership after: length u16, MembershipCodec · flags u8 (bit 0: a successor) · [successor u64]
/// · refusal u8 · why: length u16, UTF-8 · count u8 · per warning: kind u8, length u16, UTF-8
/// </code>
/// </remarks>
public sealed record MembersPlan
{
    private const byte HasSuccessor = 1;
    private const int TextBytesMax = 4096;

    /// <summary>What was asked, with the configuration's index that the plan was made for: hand it over as it is, and a change in between refuses it.</summary>
    public required MembersRequest Request { get; init; }

    /// <summary>The members now, with how far each is behind.</summary>
    public required MembersView Now { get; init; }

    /// <summary>The members once all is done: those who are to join have caught up and vote. What is now, if the change is refused.</summary>
    public required Membership After { get; init; }

    /// <summary>Whom the leader hands leadership to first, because the change takes its vote.</summary>
    public NodeId? Successor { get; init; }

    /// <summary>Why the change would be refused; none if it wouldn't.</summary>
    public required MembershipRefusal Refusal { get; init; }

    /// <summary>The same in sentences: what was expected, what came, what to do. Empty if it isn't refused.</summary>
    public required string Why { get; init; }

    /// <summary>What an operator should know before making the change; empty if there is nothing, or if it is refused.</summary>
    public required ImmutableArray<PlanWarning> Warnings { get; init; }

    /// <summary>Whether the change would be refused, as things are.</summary>
    public bool IsRefused => Refusal != MembershipRefusal.None;

    /// <summary>How many vote now, how many of them it takes, and how many may fail.</summary>
    public MajorityQuorum QuorumNow => Now.Membership.Quorum.Incoming;

    /// <summary>The same once all is done.</summary>
    public MajorityQuorum QuorumAfter => After.Quorum.Incoming;

    /// <summary>What the change itself would throw.</summary>
    public MembershipRefusedException ToException() => new(Refusal, Why, Now.Index, Now.Leader);

    /// <summary>Its bytes on the wire, in the form above.</summary>
    public byte[] Encode()
    {
        byte[] view = Now.Encode();
        byte[] why = Text(Why);
        byte[][] texts = [.. Warnings.Select(static warning => Text(warning.Text))];
        byte[] body = new byte[view.Length + 2 + MembershipCodec.GetSize(After) + 9 + 4 + why.Length + texts.Sum(static text => 3 + text.Length)];
        var writer = new WireWriter(body);
        writer.Write(view);
        writer.Write((ushort)MembershipCodec.GetSize(After));
        MembershipCodec.Write(After, writer.Skip(MembershipCodec.GetSize(After)));
        writer.Write(Successor is null ? (byte)0 : HasSuccessor);
        if (Successor is { } successor)
        {
            writer.Write(successor.Value);
        }

        writer.Write((byte)Refusal);
        writer.Write((ushort)why.Length);
        writer.Write(why);
        writer.Write((byte)texts.Length);
        for (int i = 0; i < texts.Length; i++)
        {
            writer.Write((byte)Warnings[i].Kind);
            writer.Write((ushort)texts[i].Length);
            writer.Write(texts[i]);
        }

        return body[..writer.Position];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="asked">What was asked: it isn't repeated in the answer.</param>
    /// <returns>Null if the bytes are none.</returns>
    public static MembersPlan? TryRead(ReadOnlySpan<byte> body, MembersRequest asked)
    {
        ArgumentNullException.ThrowIfNull(asked);
        var reader = new WireReader(body);
        if (MembersView.Read(ref reader) is not { } view
            || !MembershipCodec.TryRead(reader.ReadBytes(reader.ReadUInt16()), out Membership after, out _))
        {
            return null;
        }

        byte flags = reader.ReadByte();
        NodeId? successor = flags == HasSuccessor ? new NodeId(reader.ReadUInt64()) : null;
        var refusal = (MembershipRefusal)reader.ReadByte();
        string why = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadUInt16()));
        ImmutableArray<PlanWarning>.Builder warnings = ImmutableArray.CreateBuilder<PlanWarning>();
        int count = reader.ReadByte();
        for (int i = 0; i < count && !reader.HasFailed; i++)
        {
            var kind = (PlanWarningKind)reader.ReadByte();
            warnings.Add(new PlanWarning(kind, Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadUInt16()))));
        }

        return reader.HasFailed || reader.Remaining > 0 || flags > HasSuccessor ? null : new MembersPlan
        {
            Request = asked with { Expected = view.Index },
            Now = view,
            After = after,
            Successor = successor,
            Refusal = refusal,
            Why = why,
            Warnings = warnings.ToImmutable(),
        };
    }

    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length <= TextBytesMax ? bytes : bytes[..TextBytesMax];
    }
}
