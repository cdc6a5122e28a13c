using System.Buffers.Binary;
using Graft.Consensus;

namespace Graft.Network;

/// <summary>The 24 bytes before every body (docs/internals/wire-format.md, 2).</summary>
/// <remarks>
/// <code>
/// offset  size  field                                   (integers are little-endian)
///      0     4  CRC-32C of bytes 4 to 23
///      4     4  length of the body
///      8     1  type
///      9     1  flags, zero
///     10     2  zero
///     12     8  id
///     20     4  CRC-32C of the body
/// </code>
/// The header has a check of its own, so that a length is believed only when it is what the sender wrote. A flipped bit in it would
/// otherwise make the reader wait for bytes that never come. It covers the body's checksum: a body belongs to one header.
/// </remarks>
internal readonly record struct FrameHeader(FrameType Type, int Length, ulong Id, uint BodyChecksum)
{
    internal const int Size = 24;

    /// <summary>Encodes all but the two checksums, which <see cref="Seal"/> adds once the body is there.</summary>
    internal static void Write(Span<byte> destination, FrameType type, int length, ulong id)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], length);
        destination[8] = (byte)type;
        BinaryPrimitives.WriteUInt64LittleEndian(destination[12..], id);
    }

    internal static void WriteLength(Span<byte> header, int length) => BinaryPrimitives.WriteInt32LittleEndian(header[4..], length);

    /// <summary>Puts the checksums into each of the frames that lie one behind the other.</summary>
    internal static void SealAll(Span<byte> frames)
    {
        while (!frames.IsEmpty)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(frames[4..]);
            Seal(frames[..(Size + length)]);
            frames = frames[(Size + length)..];
        }
    }

    internal static void Seal(Span<byte> frame)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame[20..], Crc32C.Of(frame[Size..]));
        BinaryPrimitives.WriteUInt32LittleEndian(frame, Crc32C.Of(frame[4..Size]));
    }

    /// <summary>Judges a header. Never throws, whatever the bytes.</summary>
    /// <param name="source">Its 24 bytes.</param>
    /// <param name="header">What it says, if it's valid.</param>
    /// <param name="error">Why it's refused, in a sentence; empty if it isn't.</param>
    internal static bool TryRead(ReadOnlySpan<byte> source, out FrameHeader header, out string error)
    {
        header = default;
        error = "";
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (checksum != Crc32C.Of(source[4..Size]))
        {
            error = "The header of a frame doesn't have its checksum.";
            return false;
        }

        var type = (FrameType)source[8];
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
        int limit = WireLimits.BodyBytesMax(type);
        if (limit < 0 || source[9] != 0 || source[10] != 0 || source[11] != 0)
        {
            error = $"A frame has the unknown type {source[8]}, or flags that this version doesn't have.";
        }
        else if (length > limit)
        {
            error = $"A frame of type {type} claims {length} bytes; at most {limit} are allowed.";
        }
        else
        {
            header = new FrameHeader(
                type,
                (int)length,
                BinaryPrimitives.ReadUInt64LittleEndian(source[12..]),
                BinaryPrimitives.ReadUInt32LittleEndian(source[20..]));
        }

        return error.Length == 0;
    }
}
