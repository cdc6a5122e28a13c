using System.Buffers.Binary;

namespace Graft.NodeProcess;

/// <summary>A command of <see cref="LedgerMachine"/>: a client's numbered write of a value to a register.</summary>
/// <remarks><code>client u64 · number u64 · register u64 · value: the rest</code></remarks>
internal static class LedgerCommand
{
    internal const int HeadBytes = 24;

    /// <param name="client">Who.</param>
    /// <param name="number">Its how manieth, from 1.</param>
    /// <param name="register">Which register is set.</param>
    /// <param name="size">Of the whole command, in bytes.</param>
    internal static byte[] Encode(ulong client, ulong number, ulong register, int size)
    {
        byte[] command = new byte[Math.Max(size, HeadBytes)];
        BinaryPrimitives.WriteUInt64LittleEndian(command, client);
        BinaryPrimitives.WriteUInt64LittleEndian(command.AsSpan(8), number);
        BinaryPrimitives.WriteUInt64LittleEndian(command.AsSpan(16), register);
        command.AsSpan(HeadBytes).Fill(unchecked((byte)number));
        return command;
    }
}
