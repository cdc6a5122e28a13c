using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Graft.Sqlite;

/// <summary>Writes fields one behind the other into a pooled buffer that grows.</summary>
internal sealed class SqlByteWriter : IDisposable
{
    internal const int NumberBytesMax = 10;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256);

    /// <summary>How many bytes are written. Set back, it forgets those behind.</summary>
    internal int Length { get; set; }

    internal ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        Length = 0;
    }

    /// <summary>How many bytes <see cref="WriteNumber"/> takes.</summary>
    internal static int SizeOf(long number)
    {
        int size = 1;
        while ((number >>= 7) != 0)
        {
            size++;
        }

        return size;
    }

    internal void Write(byte value) => Take(1)[0] = value;

    internal void WriteInt64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);

    internal void WriteNumber(long number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        Put(Take(SizeOf(number)), number);
    }

    internal void WriteBlob(ReadOnlySpan<byte> bytes)
    {
        WriteNumber(bytes.Length);
        bytes.CopyTo(Take(bytes.Length));
    }

    internal void WriteText(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        WriteNumber(length);
        Encoding.UTF8.GetBytes(text, Take(length));
    }

    internal void WriteValue(SqlValue value)
    {
        Write((byte)value.Kind);
        switch (value.Kind)
        {
            case SqlValueKind.Integer:
                WriteInt64(value.Integer);
                break;
            case SqlValueKind.Real:
                WriteInt64(BitConverter.DoubleToInt64Bits(value.Real));
                break;
            case SqlValueKind.Text or SqlValueKind.Blob:
                WriteBlob(value.Bytes.Span);
                break;
            case SqlValueKind.Zeros:
                WriteNumber(value.ZeroCount);
                break;
            default:
                break;
        }
    }

    /// <summary>The next so many bytes, to be filled by the caller.</summary>
    internal Span<byte> Take(int count)
    {
        int length = checked(Length + count);
        if (length > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(length, Math.Min(Array.MaxLength, 2L * _buffer.Length)));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        Span<byte> taken = _buffer.AsSpan(Length, count);
        Length = length;
        return taken;
    }

    /// <summary>Makes room in the middle: what is written from <paramref name="position"/> on moves back.</summary>
    internal Span<byte> Insert(int position, int count)
    {
        int moved = Length - position;
        Take(count);
        _buffer.AsSpan(position, moved).CopyTo(_buffer.AsSpan(position + count));
        return _buffer.AsSpan(position, count);
    }

    /// <summary>A number into a span that has its size.</summary>
    internal static void Put(Span<byte> destination, long number)
    {
        int last = destination.Length - 1;
        for (int i = 0; i < last; i++)
        {
            destination[i] = (byte)((number & 0x7F) | 0x80);
            number >>= 7;
        }

        destination[last] = (byte)number;
    }
}
