using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Graft.Sqlite;

/// <summary>A number that stands for what is in the database, as clients can see it: not for pages, free space or our own tables (docs/internals/sqlite.md, section 14).</summary>
internal sealed class LogicalDigest(Reader reader, TimeProvider time, long bytesPerSecond) : IStateDigest
{
    private const int PaceBytes = 1024 * 1024;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _head = new byte[1 + sizeof(long)];
    private Reader? _reader = reader;
    private long _bytes;
    private long _paced;

    public void Dispose()
    {
        Reader? open = _reader;
        _reader = null;
        if (open is not null)
        {
            open.End();
            open.Dispose();
            _hash.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<UInt128> ComputeAsync(CancellationToken cancellation)
    {
        Reader open = _reader ?? throw new ObjectDisposedException(nameof(LogicalDigest));
        SqliteConnection connection = open.Connection;
        open.Hooks.Begin(TimeSpan.MaxValue, cancellation);
        try
        {
            await AddAllAsync(connection, cancellation);
        }
        catch (SqliteException interrupted) when (ResultCode.Primary(interrupted.Code) == ResultCode.Interrupt)
        {
            cancellation.ThrowIfCancellationRequested();
            throw;
        }

        return BinaryPrimitives.ReadUInt128BigEndian(_hash.GetHashAndReset());
    }

    private async ValueTask AddAllAsync(SqliteConnection connection, CancellationToken cancellation)
    {
        await AddRowsAsync(connection, "PRAGMA user_version", cancellation);
        await AddRowsAsync(connection, "PRAGMA application_id", cancellation);
        await AddRowsAsync(
            connection,
            $"SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name NOT LIKE '\\_graft\\_%' ESCAPE '\\' ORDER BY type, name",
            cancellation);
        foreach (string table in Tables(connection))
        {
            AddText(Encoding.UTF8.GetBytes(table));
            await AddRowsAsync(connection, SelectOf(connection, table), cancellation);
        }
    }

    private static List<string> Tables(SqliteConnection connection) => TableShape.Column(
        connection,
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE '\\_graft\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name");

    // A full scan in the order of the table's own b-tree: of the rowid, or of the primary key where there's none.
    private static string SelectOf(SqliteConnection connection, string table)
    {
        IEnumerable<string> columns = TableShape.StoredColumns(connection, table).Select(TableShape.Quoted);
        string? rowId = TableShape.RowIdOf(connection, table);
        return $"SELECT {string.Join(", ", rowId is null ? columns : columns.Prepend(rowId))} FROM main.{TableShape.Quoted(table)} NOT INDEXED";
    }

    private async ValueTask AddRowsAsync(SqliteConnection connection, string sql, CancellationToken cancellation)
    {
        using SqliteStatement statement = connection.Prepare(sql);
        int columns = statement.ColumnCount;
        while (statement.StepOrThrow())
        {
            for (int column = 0; column < columns; column++)
            {
                AddValue(statement, column);
            }

            await PaceAsync(cancellation);
        }

        AddHead((SqlValueKind)byte.MaxValue, columns);
    }

    private void AddValue(SqliteStatement statement, int column)
    {
        SqlValueKind kind = statement.Type(column);
        switch (kind)
        {
            case SqlValueKind.Integer:
                AddHead(kind, statement.Integer(column));
                break;
            case SqlValueKind.Real:
                AddHead(kind, BitConverter.DoubleToInt64Bits(statement.Real(column)));
                break;
            case SqlValueKind.Null:
                AddHead(kind, 0);
                break;
            default:
                ReadOnlySpan<byte> bytes = statement.Bytes(column);
                AddHead(kind, bytes.Length);
                _hash.AppendData(bytes);
                _bytes += bytes.Length;
                break;
        }
    }

    private void AddText(ReadOnlySpan<byte> text)
    {
        AddHead(SqlValueKind.Text, text.Length);
        _hash.AppendData(text);
    }

    private void AddHead(SqlValueKind kind, long number)
    {
        _head[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(_head.AsSpan(1), number);
        _hash.AppendData(_head);
        _bytes += _head.Length;
    }

    // A comparison is nobody's hurry: it mustn't take the disk from those who wait for it.
    private async ValueTask PaceAsync(CancellationToken cancellation)
    {
        if (_bytes - _paced >= PaceBytes)
        {
            await Task.Delay(TimeSpan.FromSeconds((double)(_bytes - _paced) / bytesPerSecond), time, cancellation);
            _paced = _bytes;
        }
    }
}
