using Graft.Consensus;

namespace Graft.Network;

/// <summary>The answer to <see cref="CallMethod.Transfer"/>, inside a <see cref="WriteReply"/>: <c>target u64 · outcome u8</c>.</summary>
public static class TransferReply
{
    private const int Size = 9;

    public static byte[] Encode(in TransferResult result)
    {
        byte[] answer = new byte[Size];
        var writer = new WireWriter(answer);
        writer.Write(result.Target.Value);
        writer.Write((byte)result.Outcome);
        return answer;
    }

    /// <summary>Reads what <see cref="Encode"/> wrote. Never throws.</summary>
    public static bool TryRead(ReadOnlySpan<byte> answer, out TransferResult result)
    {
        var reader = new WireReader(answer);
        var target = new NodeId(reader.ReadUInt64());
        var outcome = (TransferOutcome)reader.ReadByte();
        result = new TransferResult(target, outcome);
        return !reader.HasFailed && reader.Remaining == 0 && outcome is > TransferOutcome.None and <= TransferOutcome.Stopped;
    }
}
