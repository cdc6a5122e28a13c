namespace Graft.Sqlite.Tests;

/// <summary>SQLite as anybody uses it: one connection, where each statement stands by itself unless a transaction says otherwise, with an entry's clock and chance.</summary>
internal sealed class PlainSqlite : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("graft-plain-").FullName;
    private readonly ConnectionFactory _factory;
    private readonly WriterSession _session;
    private readonly ParameterBinder _binder = new();
    private readonly SqlAnswerWriter _answer = new();
    private int _results;
    private bool _failed;
    private bool _hasStatistics;

    internal PlainSqlite()
    {
        _factory = new ConnectionFactory(SqliteLibrary.Load(null), _directory, foreignKeys: true);
        _session = new WriterSession(_factory.OpenWriter(DatabasePath), _factory.Writer);
    }

    private string DatabasePath => Path.Combine(_directory, "plain.db");

    public void Dispose()
    {
        _answer.Dispose();
        _session.Dispose();
        _factory.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Runs what was not refused, and says what SQLite answers.</summary>
    /// <param name="request">The request.</param>
    /// <param name="index">Gives time and seed.</param>
    /// <param name="answered">What a machine under test said: only what it refused, plain SQLite doesn't run either.</param>
    /// <returns>The answer's bytes, with the machine's steps: plain SQLite has fewer tables to analyze; null for a request that was refused as a whole.</returns>
    internal byte[]? Run(SqlRequest request, ulong index, SqlAnswer answered)
    {
        if (answered.Refusal is not null)
        {
            return null;
        }

        // What a connection remembers of statistics that were rolled back or deleted is nobody's measure: it begins as one that was just opened.
        if (_hasStatistics)
        {
            _session.ReloadStatistics();
        }

        _hasStatistics |= request.Statements.Any(static statement => statement.Sql.Contains("ANALYZE", StringComparison.Ordinal));
        _session.Vfs.SetTime(TestDatabase.TimeOf(index));
        _session.Hooks.BeginEntry(TestDatabase.SeedOf(index));
        _session.ForgetChanges();
        _answer.Begin(SqlFormat.CommandAnswerBytesMax);
        (_results, _failed) = (0, false);
        byte[] command = SqlWire.Encode(request);
        if (SqlCommandCodec.ReadKind(command, out ReadOnlyMemory<byte> body) == SqlCommandKind.Vacuum)
        {
            _session.Connection.Execute("VACUUM");
            _answer.WriteChange(0, 0, 0);
            return _answer.End(0);
        }

        SqlCommandHead head = SqlCommandCodec.ReadHead(body, out SqlItemReader items);
        if (head.AllOrNothing)
        {
            _session.Connection.Execute("BEGIN IMMEDIATE");
        }

        while (!(_failed && head.AllOrNothing) && items.ReadItem())
        {
            _binder.Begin(ref items);
            RunText(items.Sql.Span, items.Item, head.AllOrNothing, answered);
            if (head.BindStrictly && !(_failed && head.AllOrNothing) && _binder.HasUnused())
            {
                Fail(items.Item, ResultCode.Range, Refusals.UnusedValues);
            }
        }

        if (head.AllOrNothing && !_session.Connection.IsAutocommit)
        {
            End(items.Item);
        }

        Assert.True(_session.Connection.IsAutocommit, "The request left its transaction open, and wasn't refused.");
        return _answer.End(answered.Steps);
    }

    internal async Task<UInt128> DigestAsync()
    {
        var reader = new Reader(_factory.OpenReader(DatabasePath), TimeProvider.System, inline: true);
        reader.Begin();
        using var digest = new LogicalDigest(reader, TimeProvider.System, long.MaxValue);
        return await digest.ComputeAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The first column of each row.</summary>
    internal IReadOnlyList<string> Column(string sql)
    {
        var values = new List<string>();
        using SqliteStatement statement = _session.Connection.Prepare(sql);
        while (statement.StepOrThrow())
        {
            values.Add(System.Text.Encoding.UTF8.GetString(statement.Bytes(0)));
        }

        return values;
    }

    private void End(int item)
    {
        using SqliteStatement end = _session.Connection.Prepare(_failed ? "ROLLBACK" : "COMMIT");
        if (end.Step() != ResultCode.Done)
        {
            Fail(item, ResultCode.ConstraintForeignKey, _session.Connection.Message);
            end.Reset();
            _session.Connection.Execute("ROLLBACK");
        }
    }

    private void RunText(ReadOnlySpan<byte> sql, int item, bool allOrNothing, SqlAnswer answered)
    {
        if (sql.Contains((byte)0))
        {
            Fail(item, ResultCode.Error, Refusals.Zero);
            return;
        }

        for (ReadOnlySpan<byte> rest = sql; !rest.IsEmpty && !(_failed && allOrNothing);)
        {
            SqlFailure? refused = _results < answered.Results.Count ? answered.Results[_results] as SqlFailure : null;
            bool isRefused = refused is not null && (refused.Code == ResultCode.Authorization || refused.Message == Refusals.VacuumAmong);
            int code = _session.Connection.TryPrepare(rest, keep: false, out SqliteStatement? statement, out int used);
            using (statement)
            {
                if (isRefused && (statement is not null || code != ResultCode.Ok))
                {
                    Fail(item, refused!.Code, refused.Message);
                    if (refused.Message != Refusals.VacuumAmong && refused.Message != Refusals.Explain)
                    {
                        return;
                    }
                }
                else if (code != ResultCode.Ok)
                {
                    Fail(item, code, _session.Connection.Message);
                    return;
                }
                else if (statement is not null)
                {
                    RunStatement(statement, item);
                }
            }

            rest = rest[used..];
        }
    }

    private void RunStatement(SqliteStatement statement, int item)
    {
        if (!_binder.TryBind(statement))
        {
            Fail(item, _binder.Code, _binder.Message ?? _session.Connection.Message);
            return;
        }

        SqlAnswerMark mark = _answer.Mark();
        int columns = statement.ColumnCount;
        int before = TotalChanges();
        if (columns > 0)
        {
            _answer.BeginColumns(item, statement, columns);
        }

        int code;
        while ((code = statement.Step()) == ResultCode.Row)
        {
            _answer.WriteRow(statement, columns);
        }

        if (code != ResultCode.Done)
        {
            _answer.RollBack(mark);
            Fail(item, code, _session.Connection.Message);
            return;
        }

        _results++;
        (int affected, long lastRowId) = Changed(before);

        // At its COMMIT a full-text index writes what it has kept; nobody calls that what COMMIT has changed.
        affected = statement.IsReadOnly ? 0 : affected;
        if (columns > 0)
        {
            _answer.EndRows(affected, lastRowId);
        }
        else
        {
            _answer.WriteChange(item, affected, lastRowId);
        }
    }

    private unsafe int TotalChanges() => _session.Connection.Library.TotalChanges(_session.Connection.Handle);

    private unsafe (int Affected, long LastRowId) Changed(int before)
    {
        SqliteConnection connection = _session.Connection;
        return (TotalChanges() == before ? 0 : connection.Library.Changes(connection.Handle), connection.Library.LastInsertRowId(connection.Handle));
    }

    private void Fail(int item, int code, string message)
    {
        _failed = true;
        _results++;
        _answer.WriteFailure(item, code, System.Text.Encoding.UTF8.GetBytes(message));
    }
}
