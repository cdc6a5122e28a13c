using Graft.Consensus;

namespace Graft.Network;

/// <summary>The body of an answered write: <c>index varint · answer: the rest</c>.</summary>
public static class WriteReply
{
    /// <summary>Its bytes on the wire, in the form above.</summary>
    public static byte[] Encode(in WriteResult result)
    {
        Span<byte> head = stackalloc byte[WireWriter.VarintBytesMax];
        var writer = new WireWriter(head);
        writer.WriteVarint(result.Index.Value);
        return [.. head[..writer.Position], .. result.Answer.Span];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, out WriteResult result)
    {
        var reader = new WireReader(body.Span);
        var index = new LogIndex(reader.ReadVarint());
        result = new WriteResult(index, reader.HasFailed ? default : body[reader.Position..]);
        return !reader.HasFailed;
    }
}
