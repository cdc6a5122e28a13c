namespace Graft.Sqlite;

/// <summary>A connection that reads one generation of the database, with a thread of its own for what SQLite compiles by recursion.</summary>
internal sealed class Reader : IDisposable
{
    private const int CachedStatementsMax = 64;

    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _fix;
    private readonly SqliteStatement _end;

    /// <summary>Takes over a connection.</summary>
    internal Reader(SqliteConnection connection, TimeProvider time, bool inline)
    {
        Connection = connection;
        Hooks = new ReaderHooks(connection, time);
        Worker = new SqliteWorker("SQLite reader", inline);
        Answer = new SqlAnswerWriter();
        try
        {
            _begin = connection.Prepare("BEGIN");
            _end = connection.Prepare("COMMIT");
            _fix = connection.Prepare("SELECT 1 FROM _graft_setting LIMIT 1");
        }
        catch
        {
            _end?.Dispose();
            _begin?.Dispose();
            Worker.Dispose();
            Answer.Dispose();
            Hooks.Dispose();
            connection.Dispose();
            throw;
        }
    }

    internal SqliteConnection Connection { get; }

    internal ReaderHooks Hooks { get; }

    internal SqliteWorker Worker { get; }

    internal StatementCache Cache { get; } = new(CachedStatementsMax);

    internal ParameterBinder Binder { get; } = new();

    internal SqlAnswerWriter Answer { get; }

    public void Dispose()
    {
        Worker.Dispose();
        Cache.Dispose();
        _begin.Dispose();
        _fix.Dispose();
        _end.Dispose();
        Answer.Dispose();
        Hooks.Dispose();
        Connection.Dispose();
    }

    /// <summary>From here on it sees the last commit, whatever is committed later. Quick, and on any thread.</summary>
    internal void Begin()
    {
        Hooks.Welcome();
        _begin.Run();
        _fix.Run();
    }

    internal void End()
    {
        Hooks.End();
        if (!Connection.IsAutocommit)
        {
            _end.Run();
        }
    }
}
