using System.Buffers.Binary;

namespace Graft.Network;

/// <summary>Writes fields one behind the other into a span that is large enough.</summary>
internal ref struct WireWriter
{
    internal const int VarintBytesMax = 10;

    private readonly Span<byte> _destination;

    internal WireWriter(Span<byte> destination) => _destination = destination;

    internal int Position { get; private set; }

    internal void Write(byte value) => _destination[Position++] = value;

    internal void Write(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_destination[Position..], value);
        Position += 2;
    }

    internal void Write(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_destination[Position..], value);
        Position += 4;
    }

    internal void Write(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_destination[Position..], value);
        Position += 8;
    }

    internal void WriteVarint(ulong value)
    {
        while (value >= 0x80)
        {
            Write((byte)((value & 0x7F) | 0x80));
            value >>= 7;
        }

        Write((byte)value);
    }

    internal void Write(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Position..]);
        Position += bytes.Length;
    }

    /// <summary>Leaves room for something that is filled in by the caller.</summary>
    internal Span<byte> Skip(int count)
    {
        Span<byte> room = _destination.Slice(Position, count);
        Position += count;
        return room;
    }
}
