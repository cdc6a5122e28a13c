using Graft.Consensus;

namespace Graft.Network;

/// <summary>The body of <see cref="CallMethod.Transfer"/>: <c>flags u8 (bit 0: a target) · [target u64]</c>.</summary>
/// <param name="Target">Who is to lead; null if the leader may choose.</param>
public readonly record struct TransferCall(NodeId? Target)
{
    /// <summary>Its bytes on the wire, in the form above.</summary>
    public byte[] Encode()
    {
        byte[] body = new byte[Target is null ? 1 : 9];
        var writer = new WireWriter(body);
        writer.Write(Target is null ? (byte)0 : (byte)1);
        if (Target is { } target)
        {
            writer.Write(target.Value);
        }

        return body;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out TransferCall call)
    {
        var reader = new WireReader(body);
        byte flags = reader.ReadByte();
        call = new TransferCall(flags == 1 ? new NodeId(reader.ReadUInt64()) : null);
        return !reader.HasFailed && reader.Remaining == 0 && flags <= 1;
    }
}
