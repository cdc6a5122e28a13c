using System.Buffers.Binary;

namespace Graft.NodeProcess;

/// <summary>What <see cref="LedgerMachine"/> can be asked: <c>kind u8 · argument u64</c>.</summary>
internal static class LedgerQuery
{
    internal const byte RegisterKind = 1;
    internal const byte LastKind = 2;
    internal const byte ReportKind = 3;
    internal const byte FiguresKind = 4;

    /// <summary>The whole state, as lines of text; the first line has the digest.</summary>
    internal static byte[] Report => Encode(ReportKind, 0);

    /// <summary><see cref="NodeFigures"/> of the node that answers.</summary>
    internal static byte[] Figures => Encode(FiguresKind, 0);

    /// <summary>The value of a register; empty if it was never written.</summary>
    internal static byte[] Register(ulong register) => Encode(RegisterKind, register);

    /// <summary>The highest number that was applied for a client, 8 bytes.</summary>
    internal static byte[] Last(ulong client) => Encode(LastKind, client);

    private static byte[] Encode(byte kind, ulong argument)
    {
        byte[] query = new byte[9];
        query[0] = kind;
        BinaryPrimitives.WriteUInt64LittleEndian(query.AsSpan(1), argument);
        return query;
    }
}
