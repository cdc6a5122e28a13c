using System.Buffers;
using System.Buffers.Binary;

namespace Graft.Network;

/// <summary>The body of a pong on a peer connection: the answering side's wall clock, <c>milliseconds since 1970-01-01 UTC, i64</c>.</summary>
internal static class PongBody
{
    internal const int Size = 8;

    internal static void Write(Span<byte> body, DateTimeOffset wall) => BinaryPrimitives.WriteInt64LittleEndian(body, wall.ToUnixTimeMilliseconds());

    /// <returns>Null if the other side said none, or one that no calendar has.</returns>
    internal static DateTimeOffset? TryRead(in ReadOnlySequence<byte> body)
    {
        if (body.Length != Size)
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[Size];
        body.CopyTo(bytes);
        long wall = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        return wall >= 0 && wall <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() ? DateTimeOffset.FromUnixTimeMilliseconds(wall) : null;
    }
}
