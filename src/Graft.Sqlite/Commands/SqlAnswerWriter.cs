namespace Graft.Sqlite;

/// <summary>
/// Writes an answer while its statements run, straight from SQLite's memory (docs/internals/sqlite.md, section 6). Used again for the next one: <see cref="Begin"/>.
/// </summary>
/// <remarks>
/// Beyond the limit nothing more is kept and <see cref="IsOverLimit"/> says so; a mark from before brings the writer back. The limit counts the
/// head at its largest, so whether an answer fits depends on its results alone.
/// </remarks>
internal sealed class SqlAnswerWriter : IDisposable
{
    // Version, status, steps, count of results: written last, in front of the results.
    private const int HeadBytesMax = 2 + (2 * SqlByteWriter.NumberBytesMax);

    private readonly SqlByteWriter _writer = new();
    private int _bytesMax;
    private int _results;
    private int _columns;
    private int _valuesAt;
    private long _values;

    /// <summary>More was written than the answer may hold.</summary>
    internal bool IsOverLimit { get; private set; }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    /// <summary>Forgets everything and begins an answer.</summary>
    /// <param name="bytesMax">How long it may be, at least <see cref="SqlFormat.AnswerBytesMin"/>.</param>
    internal void Begin(int bytesMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesMax, SqlFormat.AnswerBytesMin);
        _bytesMax = bytesMax;
        RollBack(new SqlAnswerMark(HeadBytesMax, 0));
        _writer.Length = 0;
        _writer.Take(HeadBytesMax);
    }

    /// <summary>Where the answer stands between two results.</summary>
    internal SqlAnswerMark Mark() => new(_writer.Length, _results);

    /// <summary>Takes back the results behind a mark, and what of one is begun.</summary>
    internal void RollBack(SqlAnswerMark mark)
    {
        _writer.Length = mark.Length;
        _results = mark.Results;
        IsOverLimit = false;
    }

    /// <summary>A statement without columns has run.</summary>
    internal void WriteChange(int item, long rowsAffected, long lastRowId)
    {
        if (Fits((2 * SqlByteWriter.NumberBytesMax) + 1 + sizeof(long)))
        {
            BeginResult(item, SqlResultKind.Change);
            _writer.WriteNumber(rowsAffected);
            _writer.WriteInt64(lastRowId);
        }
    }

    /// <summary>A statement has failed.</summary>
    /// <param name="item">The position of its text.</param>
    /// <param name="code">The extended code.</param>
    /// <param name="message">UTF-8.</param>
    internal void WriteFailure(int item, int code, ReadOnlySpan<byte> message)
    {
        if (Fits(((3 * SqlByteWriter.NumberBytesMax) + 1L) + message.Length))
        {
            BeginResult(item, SqlResultKind.Failure);
            _writer.WriteNumber(code);
            _writer.WriteBlob(message);
        }
    }

    /// <summary>A statement with columns begins. <see cref="WriteColumn"/> for each follows, then the values, row after row, then <see cref="EndRows"/>.</summary>
    /// <param name="item">The position of its text.</param>
    /// <param name="columns">How many columns, above zero.</param>
    internal void BeginRows(int item, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        (_columns, _values) = (columns, 0);
        if (Fits((2 * SqlByteWriter.NumberBytesMax) + 1))
        {
            BeginResult(item, SqlResultKind.Rows);
            _writer.WriteNumber(columns);
        }

        _valuesAt = _writer.Length;
    }

    /// <summary>The next column; all in UTF-8.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="declaredType">Its declared type; empty for an expression.</param>
    /// <param name="table">Its table; empty for an expression.</param>
    internal void WriteColumn(ReadOnlySpan<byte> name, ReadOnlySpan<byte> declaredType, ReadOnlySpan<byte> table)
    {
        if (Fits((3L * SqlByteWriter.NumberBytesMax) + name.Length + declaredType.Length + table.Length))
        {
            _writer.WriteBlob(name);
            _writer.WriteBlob(declaredType);
            _writer.WriteBlob(table);
        }

        _valuesAt = _writer.Length;
    }

    internal void WriteNull()
    {
        _values++;
        if (Fits(1))
        {
            _writer.Write((byte)SqlValueKind.Null);
        }
    }

    internal void WriteInteger(long value) => WriteEight(SqlValueKind.Integer, value);

    internal void WriteReal(double value) => WriteEight(SqlValueKind.Real, BitConverter.DoubleToInt64Bits(value));

    internal void WriteText(ReadOnlySpan<byte> value) => WriteBytes(SqlValueKind.Text, value);

    internal void WriteBlob(ReadOnlySpan<byte> value) => WriteBytes(SqlValueKind.Blob, value);

    /// <summary>The statement has run to its end.</summary>
    /// <param name="rowsAffected">How many rows it changed.</param>
    /// <param name="lastRowId">The rowid of the last row inserted so far.</param>
    internal void EndRows(long rowsAffected, long lastRowId)
    {
        (long rows, long rest) = Math.DivRem(_values, _columns);
        Consensus.Invariant.Check(rest == 0);

        // How many rows there are is known behind the last one, and stands in front of the first.
        int affectedSize = SqlByteWriter.SizeOf(rowsAffected);
        int size = affectedSize + sizeof(long) + SqlByteWriter.SizeOf(rows);
        if (Fits(size))
        {
            Span<byte> head = _writer.Insert(_valuesAt, size);
            SqlByteWriter.Put(head[..affectedSize], rowsAffected);
            System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(head[affectedSize..], lastRowId);
            SqlByteWriter.Put(head[(affectedSize + sizeof(long))..], rows);
        }
    }

    /// <summary>The answer, in an array of its own.</summary>
    /// <param name="steps">How many steps its statements took.</param>
    internal byte[] End(long steps)
    {
        Consensus.Invariant.Check(!IsOverLimit);
        int size = 2 + SqlByteWriter.SizeOf(steps) + SqlByteWriter.SizeOf(_results);
        byte[] answer = GC.AllocateUninitializedArray<byte>(size + _writer.Length - HeadBytesMax);
        answer[0] = SqlFormat.Version;
        answer[1] = SqlAnswerCodec.Done;
        int stepsSize = SqlByteWriter.SizeOf(steps);
        SqlByteWriter.Put(answer.AsSpan(2, stepsSize), steps);
        SqlByteWriter.Put(answer.AsSpan(2 + stepsSize, size - 2 - stepsSize), _results);
        _writer.Written[HeadBytesMax..].CopyTo(answer.AsSpan(size));
        return answer;
    }

    /// <summary>The answer to a request that had no effect as a whole: without results, and cut to the limit if the message is longer.</summary>
    /// <param name="steps">How many steps were taken.</param>
    /// <param name="code">The extended code.</param>
    /// <param name="message">Why, in UTF-8.</param>
    internal byte[] Refuse(long steps, int code, ReadOnlySpan<byte> message)
    {
        int room = _bytesMax - 2 - (4 * SqlByteWriter.NumberBytesMax);
        _writer.Length = 0;
        IsOverLimit = false;
        _writer.Write(SqlFormat.Version);
        _writer.Write(SqlAnswerCodec.Refused);
        _writer.WriteNumber(code);
        _writer.WriteBlob(message.Length <= room ? message : message[..Boundary(message, room)]);
        _writer.WriteNumber(steps);
        _writer.WriteNumber(0);
        return _writer.Written.ToArray();
    }

    // The start of the character that stands at a position: half of one isn't kept.
    private static int Boundary(ReadOnlySpan<byte> text, int at)
    {
        int start = at;
        while (start > 0 && at - start < 4 && (text[start] & 0xC0) == 0x80)
        {
            start--;
        }

        return start;
    }

    private void BeginResult(int item, SqlResultKind kind)
    {
        _results++;
        _writer.WriteNumber(item);
        _writer.Write((byte)kind);
    }

    private void WriteEight(SqlValueKind kind, long value)
    {
        _values++;
        if (Fits(1 + sizeof(long)))
        {
            _writer.Write((byte)kind);
            _writer.WriteInt64(value);
        }
    }

    private void WriteBytes(SqlValueKind kind, ReadOnlySpan<byte> value)
    {
        _values++;
        if (Fits(1L + SqlByteWriter.SizeOf(value.Length) + value.Length))
        {
            _writer.Write((byte)kind);
            _writer.WriteBlob(value);
        }
    }

    private bool Fits(long count)
    {
        IsOverLimit |= _writer.Length + count > _bytesMax;
        return !IsOverLimit;
    }
}
