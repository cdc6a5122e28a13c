using System.Text;

namespace Graft.Sqlite;

/// <summary>An open generation of the database, as the one connection that writes it sees it.</summary>
internal sealed class WriterSession : IDisposable
{
    /// <summary>Makes our tables.</summary>
    internal const string OwnTables =
        "CREATE TABLE IF NOT EXISTS _graft_row(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
        + " CREATE TABLE IF NOT EXISTS _graft_setting(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
        + " CREATE TABLE IF NOT EXISTS _graft_load(offset INTEGER PRIMARY KEY, bytes BLOB NOT NULL);";

    private const int DeferredForeignKeys = 10;
    private const int CachedStatementsMax = 512;

    private readonly List<SqliteStatement> _own = [];
    private readonly Savepoint _reload;
#pragma warning disable CA2213 // Disposed with all of _own.
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;
    private readonly SqliteStatement _forgetChanges;
    private readonly SqliteStatement _setRow;
    private readonly SqliteStatement _deleteRow;
    private readonly SqliteStatement _setSetting;
#pragma warning restore CA2213

    /// <summary>Takes over a connection, and makes our tables if they aren't there.</summary>
    /// <exception cref="SqliteException">SQLite refused something.</exception>
    internal WriterSession(SqliteConnection connection, SqliteVfs vfs)
    {
        (Connection, Vfs) = (connection, vfs);
        Hooks = new WriterHooks(connection);
        try
        {
            connection.Execute($"BEGIN IMMEDIATE; {OwnTables} COMMIT");

            // SQLite opens the temporary database when a statement first names it, be it in vain, and from there on some statements take one step
            // more. Opened at once it's the same for everybody.
            connection.Execute("CREATE TEMP TABLE opened(x); DROP TABLE temp.opened;");
            _begin = Own("BEGIN IMMEDIATE");
            _commit = Own("COMMIT");
            _rollback = Own("ROLLBACK");
            _forgetChanges = Own("DELETE FROM _graft_row WHERE 0");
            _setRow = Own("INSERT INTO _graft_row(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value=excluded.value");
            _deleteRow = Own("DELETE FROM _graft_row WHERE key=?1");
            _setSetting = Own("INSERT INTO _graft_setting(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value=excluded.value");
            Entry = new Savepoint(this, "graft_entry");
            Transaction = new Savepoint(this, "graft_transaction");
            Single = new Savepoint(this, "graft_statement");
            _reload = new Savepoint(this, "graft_reload");
            LearnSchema();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal SqliteConnection Connection { get; }

    internal SqliteVfs Vfs { get; }

    internal WriterHooks Hooks { get; }

    /// <summary>Around an entry.</summary>
    internal Savepoint Entry { get; }

    /// <summary>Around what a request has put between <c>BEGIN</c> and <c>COMMIT</c>.</summary>
    internal Savepoint Transaction { get; }

    /// <summary>Around one statement of several that stand by themselves.</summary>
    internal Savepoint Single { get; }

    internal StatementCache Cache { get; } = new(CachedStatementsMax);

    /// <summary>The schema was changed since the last commit. Undoing any part of a transaction then makes SQLite read the schema anew.</summary>
    internal bool SchemaChanged { get; set; }

    /// <summary>How many rows the last statement changed, as SQLite counts.</summary>
    internal unsafe int Changes => Connection.Library.Changes(Connection.Handle);

    public void Dispose()
    {
        Cache.Dispose();
        foreach (SqliteStatement statement in _own)
        {
            statement.Dispose();
        }

        Connection.Dispose();
        Hooks.Dispose();
    }

    internal SqliteStatement Own(string sql)
    {
        SqliteStatement statement = Connection.Prepare(sql);
        _own.Add(statement);
        return statement;
    }

    /// <summary>Begins a transaction.</summary>
    /// <exception cref="SqliteException">SQLite can't, or something has failed before.</exception>
    internal void Begin()
    {
        ThrowIfFileFailed();
        _begin.Run();
    }

    /// <summary>Ends the transaction.</summary>
    /// <exception cref="SqliteException">SQLite can't, or something has failed since it began: not all who are told of a failure pass it on, and what was answered may rest on it.</exception>
    internal void Commit()
    {
        ThrowIfFileFailed();
        _commit.Run();
        SchemaChanged = false;
    }

    /// <summary>Throws if a call to a file has failed, be it that SQLite made nothing of it.</summary>
    /// <exception cref="SqliteException">One has.</exception>
    internal void ThrowIfFileFailed()
    {
        if (Vfs.SawFailure)
        {
            throw new SqliteException(ResultCode.InputOutput, "A call to a file of the database has failed; what is in memory may rest on that.");
        }
    }

    /// <summary>Ends the transaction, if one is open, without a trace.</summary>
    internal void RollBack()
    {
        if (!Connection.IsAutocommit)
        {
            _rollback.Run();
        }
    }

    /// <summary><c>changes()</c> is zero from here on. There's no other way to say so.</summary>
    internal void ForgetChanges() => _forgetChanges.Run();

    /// <summary>How many violated foreign keys wait for the end of the transaction.</summary>
    internal unsafe bool HasOpenForeignKeys()
    {
        int current;
        int highest;
        Connection.Library.DatabaseStatus(Connection.Handle, DeferredForeignKeys, &current, &highest, 0);
        return current > 0;
    }

    internal void SetRow(ReadOnlySpan<byte> key, ReadOnlyMemory<byte>? value)
    {
        SqliteStatement statement = value is null ? _deleteRow : _setRow;
        statement.BindBlob(1, key);
        if (value is { } some)
        {
            statement.BindBlob(2, some.Span);
        }

        statement.Run();
    }

    internal void DeleteRows() => Connection.Execute("DELETE FROM _graft_row");

    internal void SetSetting(string name, long value)
    {
        _setSetting.BindText(1, Encoding.UTF8.GetBytes(name));
        _setSetting.BindInteger(2, value);
        _setSetting.Run();
    }

    internal void SetSetting(string name, string value)
    {
        _setSetting.BindText(1, Encoding.UTF8.GetBytes(name));
        _setSetting.BindText(2, Encoding.UTF8.GetBytes(value));
        _setSetting.Run();
    }

    /// <summary>Forgets what was prepared against an older schema, looks which tables are virtual now, and connects them.</summary>
    internal void LearnSchema()
    {
        Cache.Clear();
        var tables = new List<(string Name, string Sql)>();
        using (SqliteStatement look = Connection.Prepare("SELECT name, sql FROM sqlite_master WHERE type='table' AND sql LIKE 'CREATE VIRTUAL%'"))
        {
            while (look.StepOrThrow())
            {
                tables.Add((Encoding.UTF8.GetString(look.Bytes(0)), Encoding.UTF8.GetString(look.Bytes(1))));
            }
        }

        Hooks.Authorizer.KnowVirtualTables(tables);

        // A virtual table is connected when it's first named, by statements of its own. Here it's for everybody at the same place, and no part of
        // what a client prepares. One that can't be says so to whoever uses it.
        foreach ((string name, _) in tables)
        {
            Connection.TryPrepare(Encoding.UTF8.GetBytes($"SELECT 1 FROM \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\""), keep: false, out SqliteStatement? connects, out _);
            connects?.Dispose();
        }
    }

    /// <summary>A setting as a text; null if there's none of the name.</summary>
    internal string? Setting(string name)
    {
        using SqliteStatement read = Connection.Prepare("SELECT value FROM _graft_setting WHERE name=?1");
        read.BindText(1, Encoding.UTF8.GetBytes(name));
        return read.StepOrThrow() ? Encoding.UTF8.GetString(read.Bytes(0)) : null;
    }

    /// <summary>Keeps a piece of a database that is being loaded.</summary>
    internal void AddPiece(long offset, ReadOnlySpan<byte> bytes)
    {
        using SqliteStatement write = Connection.Prepare("INSERT OR REPLACE INTO _graft_load(offset, bytes) VALUES(?1, ?2)");
        write.BindInteger(1, offset);
        write.BindBlob(2, bytes);
        write.Run();
    }

    /// <summary>Whether the schema has more than SQLite's compiler has stack for.</summary>
    internal bool HasTooManyObjects() => HasTooManyObjects(Connection);

    /// <summary>Whether a database's schema has more than SQLite's compiler has stack for.</summary>
    internal static bool HasTooManyObjects(SqliteConnection connection)
    {
        using SqliteStatement count = connection.Prepare("SELECT total(type='view'), total(type IN ('table', 'trigger')) FROM sqlite_master");
        count.StepOrThrow();
        return count.Integer(0) > FixedSettings.ViewsMax || count.Integer(1) > FixedSettings.TablesAndTriggersMax;
    }

    /// <summary>Whether something of the client's has taken a name of ours.</summary>
    internal bool HasForeignOwnNames() =>
        Connection.Scalar($"SELECT count(*)<>{OwnNames.TableCount} FROM sqlite_master WHERE name LIKE '\\_graft\\_%' ESCAPE '\\'") != "0";

    /// <summary>Has SQLite plan by the statistics that are in the database, and not by those it remembers (docs/internals/sqlite.md, D6).</summary>
    internal void ReloadStatistics()
    {
        // ANALYZE of the schema would read them again too, but leaves the sizes of tables as they were that have none any more. Undoing a
        // change of the schema has SQLite forget all that it remembers of it.
        _reload.Begin();
        Connection.Execute("CREATE VIEW _graft_reload AS SELECT 1");
        _reload.Undo();
        SchemaChanged = true;
        LearnSchema();
    }
}
