using System.Buffers.Binary;

namespace Graft.NodeProcess;

/// <summary>What a node says of itself, apart from its state.</summary>
/// <param name="Flushes">Flushes of its log since its start.</param>
/// <param name="IsLeader">Whether it leads.</param>
internal readonly record struct NodeFigures(long Flushes, bool IsLeader)
{
    internal byte[] Encode()
    {
        byte[] bytes = new byte[9];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Flushes);
        bytes[8] = IsLeader ? (byte)1 : (byte)0;
        return bytes;
    }

    internal static bool TryDecode(ReadOnlySpan<byte> bytes, out NodeFigures figures)
    {
        bool isWhole = bytes.Length == 9;
        figures = isWhole ? new NodeFigures(BinaryPrimitives.ReadInt64LittleEndian(bytes), bytes[8] == 1) : default;
        return isWhole;
    }
}
