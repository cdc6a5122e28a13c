using Graft.Consensus;

namespace Graft.Network;

/// <summary>The body of <see cref="CallMethod.Read"/>.</summary>
/// <remarks>
/// <code>
/// level u8 · flags u8 (bit 0: a query follows) · age, 100 ns, varint · index varint · query: the rest
/// </code>
/// </remarks>
/// <param name="Consistency">How fresh it has to be.</param>
/// <param name="Query">What is asked; null if only the wait is wanted.</param>
public readonly record struct ReadCall(ReadConsistency Consistency, ReadOnlyMemory<byte>? Query)
{
    private const byte HasQuery = 1;
    private const int HeadMax = 2 + (2 * WireWriter.VarintBytesMax);

    /// <summary>Its bytes on the wire, in the form above.</summary>
    public byte[] Encode()
    {
        Span<byte> head = stackalloc byte[HeadMax];
        var writer = new WireWriter(head);
        writer.Write((byte)Consistency.Kind);
        writer.Write(Query is null ? (byte)0 : HasQuery);
        writer.WriteVarint((ulong)Consistency.Age.Ticks);
        writer.WriteVarint(Consistency.Index.Value);
        return [.. head[..writer.Position], .. Query.GetValueOrDefault().Span];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, out ReadCall call)
    {
        var reader = new WireReader(body.Span);
        byte level = reader.ReadByte();
        byte flags = reader.ReadByte();
        ulong age = reader.ReadVarint();
        var index = new LogIndex(reader.ReadVarint());
        call = default;
        if (reader.HasFailed || level > (byte)ReadConsistencyKind.Local || flags > HasQuery || age > long.MaxValue)
        {
            return false;
        }

        ReadConsistency consistency = (ReadConsistencyKind)level switch
        {
            ReadConsistencyKind.Linearizable => ReadConsistency.Linearizable,
            ReadConsistencyKind.Lease => ReadConsistency.Lease,
            ReadConsistencyKind.Bounded => ReadConsistency.Bounded(new TimeSpan((long)age)),
            ReadConsistencyKind.AtLeast => ReadConsistency.AtLeast(index),
            ReadConsistencyKind.Local => ReadConsistency.Local,
        };
        ReadOnlyMemory<byte>? query = null;
        if (flags == HasQuery)
        {
            query = body[reader.Position..];
        }

        call = new ReadCall(consistency, query);
        return true;
    }
}
