using System.Buffers.Binary;
using System.Text;

namespace Graft.Sqlite;

/// <summary>Reads fields one behind the other, as slices of the bytes it was given. What doesn't fit is a <see cref="SqlFormatException"/> and nothing else.</summary>
/// <remarks>A length or a count is compared with what is left before anything is made for it, so crafted bytes cost no more memory than they have themselves.</remarks>
internal ref struct SqlByteReader
{
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;

    internal SqlByteReader(ReadOnlyMemory<byte> bytes)
    {
        _memory = bytes;
        _bytes = bytes.Span;
    }

    internal readonly int Remaining => _bytes.Length - _position;

    internal byte ReadByte(string what)
    {
        Need(1, what);
        return _bytes[_position++];
    }

    /// <summary>Eight bytes, as they are.</summary>
    internal long ReadInt64(string what)
    {
        Need(sizeof(long), what);
        long value = BinaryPrimitives.ReadInt64LittleEndian(_bytes[_position..]);
        _position += sizeof(long);
        return value;
    }

    /// <summary>Seven bits a byte, the lowest first, the highest bit set in all but the last. One number has one encoding.</summary>
    internal long ReadNumber(string what, long min, long max)
    {
        int start = _position;
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = ReadByte(what);
            bool isLast = part < 0x80;

            // The tenth byte has room for one bit; and a last byte of zero, behind others, is a longer way to write the same number.
            if ((shift == 63 && part > 1) || (isLast && part == 0 && shift > 0))
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << shift;
            if (isLast)
            {
                return value >= (ulong)min && value <= (ulong)max
                    ? (long)value
                    : throw new SqlFormatException($"Expected {what} from {min} to {max} at byte {start}, found {value}.");
            }
        }

        throw new SqlFormatException($"Expected {what} at byte {start}, found a number that no encoder writes.");
    }

    /// <summary>How many of something follow, each of at least so many bytes.</summary>
    internal int ReadCount(string what, int bytesEach)
    {
        int start = _position;
        long count = ReadNumber(what, 0, int.MaxValue);
        return count <= Remaining / bytesEach
            ? (int)count
            : throw new SqlFormatException($"Expected {what} at byte {start}, found {count}, for which {Remaining} bytes are too few.");
    }

    /// <summary>A length and so many bytes.</summary>
    internal ReadOnlyMemory<byte> ReadBlob(string what)
    {
        int length = ReadCount(what, 1);
        ReadOnlyMemory<byte> blob = _memory.Slice(_position, length);
        _position += length;
        return blob;
    }

    internal string ReadText(string what) => Encoding.UTF8.GetString(ReadBlob(what).Span);

    /// <summary>A value of section 4. The caller says whether zeros may stand for a blob.</summary>
    internal SqlValue ReadValue(bool isParameter)
    {
        int start = _position;
        switch ((SqlValueKind)ReadByte("the tag of a value"))
        {
            case SqlValueKind.Null:
                return SqlValue.Null;
            case SqlValueKind.Integer:
                return SqlValue.FromInteger(ReadInt64("an integer"));
            case SqlValueKind.Real:
                return SqlValue.FromReal(BitConverter.Int64BitsToDouble(ReadInt64("a real")));
            case SqlValueKind.Text:
                return SqlValue.FromText(ReadBlob("the length of a text"));
            case SqlValueKind.Blob:
                return SqlValue.FromBlob(ReadBlob("the length of a blob"));
            case SqlValueKind.Zeros when isParameter:
                return SqlValue.Zeros((int)ReadNumber("a count of zeros", 0, SqlValue.ZerosMax));
            default:
                throw new SqlFormatException($"Expected the tag of a value at byte {start}, found {_bytes[start]}.");
        }
    }

    /// <summary>Version 1, and the kind behind it.</summary>
    internal byte ReadVersionAndKind(string what)
    {
        byte version = ReadByte(what);
        return version == SqlFormat.Version
            ? ReadByte(what)
            : throw new SqlFormatException($"Expected {what} of version {SqlFormat.Version}, found version {version}.", isUnknown: true);
    }

    internal readonly void ExpectEnd()
    {
        if (Remaining != 0)
        {
            throw new SqlFormatException($"Expected the end at byte {_position}, found {Remaining} more bytes.");
        }
    }

    private readonly void Need(int count, string what)
    {
        if (Remaining < count)
        {
            throw new SqlFormatException($"Expected {what} at byte {_position}, found the end.");
        }
    }
}
