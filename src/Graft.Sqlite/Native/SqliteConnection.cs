using System.Text;

namespace Graft.Sqlite;

/// <summary>A connection. One thread at a time.</summary>
internal sealed unsafe class SqliteConnection : IDisposable
{
    private const uint Persistent = 1;

    private readonly Action? _closed;
    private nint _handle;

    private SqliteConnection(SqliteLibrary library, nint handle, Action? closed) => (Library, _handle, _closed) = (library, handle, closed);

    internal SqliteLibrary Library { get; }

    /// <summary>SQLite's handle.</summary>
    /// <exception cref="ObjectDisposedException">It's closed.</exception>
    internal nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(SqliteConnection));

    /// <summary>SQLite's message of the last call that failed.</summary>
    internal string Message => SqliteLibrary.Text(Library.ErrorMessage(Handle));

    /// <summary>No transaction is open.</summary>
    internal bool IsAutocommit => Library.GetAutocommit(Handle) != 0;

    /// <summary>Opens a file.</summary>
    /// <param name="library">The library.</param>
    /// <param name="path">The file.</param>
    /// <param name="flags">How.</param>
    /// <param name="vfs">The name of a VFS; null for the default.</param>
    /// <param name="closed">Called once it's closed.</param>
    /// <exception cref="SqliteException">SQLite couldn't; the message names the file.</exception>
    internal static SqliteConnection Open(SqliteLibrary library, string path, OpenFlags flags, string? vfs, Action? closed = null)
    {
        nint handle;
        int code;
        fixed (byte* name = SqliteLibrary.Terminated(path), system = vfs is null ? null : SqliteLibrary.Terminated(vfs))
        {
            code = library.OpenV2(name, &handle, (int)flags, system);
        }

        if (code != ResultCode.Ok)
        {
            string why = handle == 0 ? SqliteLibrary.Text(library.ErrorText(code)) : SqliteLibrary.Text(library.ErrorMessage(handle));
            library.CloseV2(handle);
            throw new SqliteException(code, $"SQLite couldn't open '{path}': {why}.");
        }

        library.ExtendedResultCodes(handle, 1);
        return new SqliteConnection(library, handle, closed);
    }

    /// <summary>Closes it; whoever has statements of it has finalized them.</summary>
    public void Dispose()
    {
        if (_handle != 0)
        {
            Library.CloseV2(_handle);
            _handle = 0;
            _closed?.Invoke();
        }
    }

    /// <summary>Prepares the first statement of a text.</summary>
    /// <param name="sql">UTF-8 without a NUL, but for one at the end (<see cref="SqliteLibrary.Preparable"/>).</param>
    /// <param name="keep">It's going to be run often.</param>
    /// <param name="statement">Null if there's nothing but blanks and comments up to the end of a statement.</param>
    /// <param name="used">How many bytes it took.</param>
    /// <returns>SQLite's code; <see cref="Message"/> has the text.</returns>
    internal int TryPrepare(ReadOnlySpan<byte> sql, bool keep, out SqliteStatement? statement, out int used)
    {
        nint prepared;
        int code;
        fixed (byte* text = sql)
        {
            byte* tail;
            code = Library.PrepareV3(Handle, text, sql.Length, keep ? Persistent : 0, &prepared, &tail);
            used = sql.IsEmpty || tail == null ? sql.Length : (int)(tail - text);
        }

        statement = prepared == 0 ? null : new SqliteStatement(this, prepared);
        return code;
    }

    /// <summary>Prepares a statement of our own.</summary>
    /// <exception cref="SqliteException">SQLite refused it.</exception>
    internal SqliteStatement Prepare(string sql)
    {
        int code = TryPrepare(Encoding.UTF8.GetBytes(sql), keep: true, out SqliteStatement? statement, out _);
        return code == ResultCode.Ok && statement is not null ? statement : throw Failed(code);
    }

    /// <summary>Runs every statement of a text of our own, and looks at no row.</summary>
    /// <exception cref="SqliteException">SQLite refused one.</exception>
    internal void Execute(string sql)
    {
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(sql);
        while (!rest.IsEmpty)
        {
            int code = TryPrepare(rest, keep: false, out SqliteStatement? statement, out int used);
            using (statement)
            {
                if (code != ResultCode.Ok)
                {
                    throw Failed(code);
                }

                statement?.Run();
            }

            rest = rest[used..];
        }
    }

    /// <summary>The first column of the first row, as a text; null if there's no row or it's NULL.</summary>
    /// <exception cref="SqliteException">SQLite refused it.</exception>
    internal string? Scalar(string sql)
    {
        using SqliteStatement statement = Prepare(sql);
        return statement.StepOrThrow() && statement.Type(0) != SqlValueKind.Null ? Encoding.UTF8.GetString(statement.Bytes(0)) : null;
    }

    /// <summary>The exception for a call that has just failed.</summary>
    internal SqliteException Failed(int code) => new(code, $"{Message} (SQLite's code {code})");
}
