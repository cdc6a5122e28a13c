using Graft.Consensus;

namespace Graft.Network;

/// <summary>The body of <see cref="CallMethod.Removed"/>: <c>flags u8 (bit 0: it is to stop) · index varint</c>.</summary>
/// <param name="Index">The configuration that no longer has the node; it is committed.</param>
/// <param name="ShallStop">Whether the node is asked to stop.</param>
public readonly record struct RemovedCall(LogIndex Index, bool ShallStop)
{
    /// <summary>Its bytes on the wire, in the form above.</summary>
    public byte[] Encode()
    {
        byte[] body = new byte[1 + WireWriter.VarintBytesMax];
        var writer = new WireWriter(body);
        writer.Write(ShallStop ? (byte)1 : (byte)0);
        writer.WriteVarint(Index.Value);
        return body[..writer.Position];
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out RemovedCall call)
    {
        var reader = new WireReader(body);
        byte flags = reader.ReadByte();
        call = new RemovedCall(new LogIndex(reader.ReadVarint()), flags == 1);
        return !reader.HasFailed && reader.Remaining == 0 && flags <= 1;
    }
}
