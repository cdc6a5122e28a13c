using System.Buffers.Binary;

namespace Graft.Network;

/// <summary>Reads fields one behind the other. Past the end, or at a number that no writer makes, it fails once and for all.</summary>
/// <remarks>A failed reader answers zeros, so a parser may read on and ask at its end. It never throws.</remarks>
internal ref struct WireReader
{
    private readonly ReadOnlySpan<byte> _source;

    internal WireReader(ReadOnlySpan<byte> source) => _source = source;

    internal int Position { get; private set; }

    internal bool HasFailed { get; private set; }

    internal readonly int Remaining => _source.Length - Position;

    internal void Fail() => HasFailed = true;

    internal byte ReadByte()
    {
        ReadOnlySpan<byte> bytes = ReadBytes(1);
        return bytes.IsEmpty ? (byte)0 : bytes[0];
    }

    internal ushort ReadUInt16()
    {
        ReadOnlySpan<byte> bytes = ReadBytes(2);
        return bytes.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    internal uint ReadUInt32()
    {
        ReadOnlySpan<byte> bytes = ReadBytes(4);
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    internal ulong ReadUInt64()
    {
        ReadOnlySpan<byte> bytes = ReadBytes(8);
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Seven bits a byte, the lowest first, the highest bit set in all but the last. One number has one encoding.</summary>
    internal ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = ReadByte();
            bool isLast = part < 0x80;

            // The tenth byte has room for one bit; and a last byte of zero, behind others, is a longer way to write the same number.
            if ((shift == 63 && part > 1) || (isLast && part == 0 && shift > 0))
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << shift;
            if (isLast)
            {
                return HasFailed ? 0 : value;
            }
        }

        Fail();
        return 0;
    }

    internal ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (HasFailed || count < 0 || count > Remaining)
        {
            Fail();
            return default;
        }

        ReadOnlySpan<byte> bytes = _source.Slice(Position, count);
        Position += count;
        return bytes;
    }
}
