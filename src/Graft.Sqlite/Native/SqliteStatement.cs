namespace Graft.Sqlite;

/// <summary>A prepared statement. One thread at a time, as its connection.</summary>
internal sealed unsafe class SqliteStatement(SqliteConnection connection, nint handle) : IDisposable
{
    private const int VirtualMachineSteps = 4;

    private readonly SqliteLibrary _library = connection.Library;
    private nint _handle = handle;

    internal SqliteConnection Connection => connection;

    /// <summary>How many columns a row has; zero if it gives none.</summary>
    internal int ColumnCount => _library.ColumnCount(_handle);

    /// <summary>How many parameters there are: the highest number of one.</summary>
    internal int ParameterCount => _library.ParameterCount(_handle);

    /// <summary>It writes nothing itself; <c>BEGIN</c>, <c>ATTACH</c> and settings count as such too.</summary>
    internal bool IsReadOnly => _library.IsReadOnly(_handle) != 0;

    internal bool IsExplain => _library.IsExplain(_handle) != 0;

    /// <summary>How many steps it took since <see cref="ForgetSteps"/>, triggers included; what a virtual table ran inside isn't.</summary>
    internal long Steps => (uint)_library.StatementStatus(_handle, VirtualMachineSteps, 0);

    public void Dispose()
    {
        _library.FinalizeStatement(_handle);
        _handle = 0;
    }

    internal void ForgetSteps() => _library.StatementStatus(_handle, VirtualMachineSteps, 1);

    /// <summary>Runs it up to the next row.</summary>
    /// <returns><see cref="ResultCode.Row"/>, <see cref="ResultCode.Done"/> or the extended code of an error.</returns>
    internal int Step() => _library.Step(_handle);

    /// <summary>Makes it ready to run again, and lets go of what is bound.</summary>
    internal void Reset()
    {
        _library.Reset(_handle);
        _library.ClearBindings(_handle);
    }

    /// <summary>Runs a statement of our own up to the next row.</summary>
    /// <exception cref="SqliteException">It failed; it's ready to run again.</exception>
    internal bool StepOrThrow()
    {
        int code = Step();
        if (code is ResultCode.Row or ResultCode.Done)
        {
            return code == ResultCode.Row;
        }

        SqliteException failed = connection.Failed(code);
        Reset();
        throw failed;
    }

    /// <summary>Runs a statement of our own to its end, whatever rows it gives.</summary>
    /// <exception cref="SqliteException">It failed; it's ready to run again.</exception>
    internal void Run()
    {
        while (StepOrThrow())
        {
        }

        Reset();
    }

    /// <summary>The name of a parameter without its sigil; empty if it has none.</summary>
    internal ReadOnlySpan<byte> ParameterName(int position)
    {
        ReadOnlySpan<byte> name = SqliteLibrary.Span(_library.ParameterName(_handle, position));
        return name.IsEmpty || name[0] == (byte)'?' ? default : name[1..];
    }

    /// <summary>Binds a value; texts and blobs are copied.</summary>
    /// <returns>SQLite's code.</returns>
    internal int Bind(int position, in SqlValue value)
    {
        switch (value.Kind)
        {
            case SqlValueKind.Null:
                return _library.BindNull(_handle, position);
            case SqlValueKind.Integer:
                return _library.BindInt64(_handle, position, value.Integer);
            case SqlValueKind.Real:
                return _library.BindDouble(_handle, position, value.Real);
            case SqlValueKind.Zeros:
                return _library.BindZeroBlob(_handle, position, value.ZeroCount);
            default:
                return BindBytes(position, value.Bytes.Span, value.Kind == SqlValueKind.Text);
        }
    }

    /// <summary>Binds a blob that stays where it is until the statement is reset.</summary>
    internal int BindBlob(int position, ReadOnlySpan<byte> bytes) => BindBytes(position, bytes, isText: false);

    internal int BindText(int position, ReadOnlySpan<byte> bytes) => BindBytes(position, bytes, isText: true);

    internal int BindInteger(int position, long value) => _library.BindInt64(_handle, position, value);

    /// <summary>The storage class of a column of this row.</summary>
    internal SqlValueKind Type(int column) => _library.ColumnType(_handle, column) switch
    {
        1 => SqlValueKind.Integer,
        2 => SqlValueKind.Real,
        3 => SqlValueKind.Text,
        4 => SqlValueKind.Blob,
        _ => SqlValueKind.Null,
    };

    internal long Integer(int column) => _library.ColumnInt64(_handle, column);

    internal double Real(int column) => _library.ColumnDouble(_handle, column);

    /// <summary>The bytes of a text or a blob of this row, until the next step.</summary>
    internal ReadOnlySpan<byte> Bytes(int column)
    {
        // A blob isn't asked for as a text: that would put a NUL behind it and may move it.
        byte* bytes = _library.ColumnType(_handle, column) == 4 ? _library.ColumnBlob(_handle, column) : _library.ColumnText(_handle, column);
        return new ReadOnlySpan<byte>(bytes, _library.ColumnBytes(_handle, column));
    }

    /// <summary>A column of this row, copied.</summary>
    internal SqlValue Value(int column) => Type(column) switch
    {
        SqlValueKind.Integer => SqlValue.FromInteger(Integer(column)),
        SqlValueKind.Real => SqlValue.FromReal(Real(column)),
        SqlValueKind.Text => SqlValue.FromText(Bytes(column).ToArray()),
        SqlValueKind.Blob => SqlValue.FromBlob(Bytes(column).ToArray()),
        _ => SqlValue.Null,
    };

    internal ReadOnlySpan<byte> Name(int column) => SqliteLibrary.Span(_library.ColumnName(_handle, column));

    internal ReadOnlySpan<byte> DeclaredType(int column) => SqliteLibrary.Span(_library.ColumnDeclaredType(_handle, column));

    /// <summary>The table behind a column; empty for an expression, or if this library was built without the names.</summary>
    internal ReadOnlySpan<byte> Table(int column) => _library.ColumnTable == null ? default : SqliteLibrary.Span(_library.ColumnTable(_handle, column));

    private int BindBytes(int position, ReadOnlySpan<byte> bytes, bool isText)
    {
        // A null pointer would bind NULL: an empty value needs a place too.
        byte nothing = 0;
        fixed (byte* some = bytes)
        {
            byte* place = bytes.IsEmpty ? &nothing : some;
            return isText
                ? _library.BindText(_handle, position, place, bytes.Length, SqliteLibrary.Transient)
                : _library.BindBlob(_handle, position, place, bytes.Length, SqliteLibrary.Transient);
        }
    }
}
