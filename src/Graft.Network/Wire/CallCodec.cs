using Graft.Consensus;

namespace Graft.Network;

/// <summary>The fixed fields of requests and responses (docs/internals/wire-format.md, 5). The id is the frame's.</summary>
internal static class CallCodec
{
    /// <summary>Method (2), group (8), hops (1), zero (1), milliseconds left (4).</summary>
    internal const int RequestHeadBytes = 16;

    /// <summary>Status (2), zero (2), retry after, milliseconds (4).</summary>
    internal const int ResponseHeadBytes = 8;

    internal static void WriteRequest(Span<byte> destination, ushort method, GroupId group, byte hops, TimeSpan remaining)
    {
        var writer = new WireWriter(destination);
        writer.Write(method);
        writer.Write(group.Value);
        writer.Write(hops);
        writer.Write((byte)0);
        writer.Write(Milliseconds(remaining));
    }

    internal static bool TryReadRequest(ReadOnlySpan<byte> source, out ushort method, out GroupId group, out byte hops, out TimeSpan remaining)
    {
        var reader = new WireReader(source);
        method = reader.ReadUInt16();
        group = new GroupId(reader.ReadUInt64());
        hops = reader.ReadByte();
        bool isZero = reader.ReadByte() == 0;

        // No timer takes more than 2^32 - 2 of them, and nobody waits for a day.
        remaining = TimeSpan.FromMilliseconds(Math.Min(reader.ReadUInt32(), DayMilliseconds));
        return isZero && !reader.HasFailed;
    }

    internal static void WriteResponse(Span<byte> destination, ushort status, TimeSpan retryAfter)
    {
        var writer = new WireWriter(destination);
        writer.Write(status);
        writer.Write((ushort)0);
        writer.Write(Milliseconds(retryAfter));
    }

    internal static bool TryReadResponse(ReadOnlySpan<byte> source, out ushort status, out TimeSpan retryAfter)
    {
        var reader = new WireReader(source);
        status = reader.ReadUInt16();
        bool isZero = reader.ReadUInt16() == 0;
        retryAfter = TimeSpan.FromMilliseconds(reader.ReadUInt32());
        return isZero && !reader.HasFailed;
    }

    // Rounded up: a deadline that is one tick away isn't over.
    private const uint DayMilliseconds = 86_400_000;

    private static uint Milliseconds(TimeSpan span) => (uint)Math.Clamp(Math.Ceiling(span.TotalMilliseconds), 0, uint.MaxValue);
}
