using Graft.Consensus;

namespace Graft.Network;

/// <summary>The body of an answered read: <c>level u8 · applied varint · answer: the rest</c>.</summary>
public static class ReadReply
{
    /// <summary>Its bytes on the wire, in the form above.</summary>
    public static byte[] Encode(in QueryResult result)
    {
        Span<byte> head = stackalloc byte[1 + WireWriter.VarintBytesMax];
        var writer = new WireWriter(head);
        writer.Write((byte)result.Level);
        writer.WriteVarint(result.Applied.Value);
        return [.. head[..writer.Position], .. result.Answer.Span];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, out QueryResult result)
    {
        var reader = new WireReader(body.Span);
        byte level = reader.ReadByte();
        var applied = new LogIndex(reader.ReadVarint());
        result = new QueryResult(applied, (ReadConsistencyKind)level, reader.HasFailed ? default : body[reader.Position..]);
        return !reader.HasFailed && level <= (byte)ReadConsistencyKind.Local;
    }
}
