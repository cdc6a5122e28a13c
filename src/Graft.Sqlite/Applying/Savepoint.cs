namespace Graft.Sqlite;

/// <summary>A savepoint of ours.</summary>
internal sealed class Savepoint
{
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _release;
    private readonly SqliteStatement _rollBack;

    internal Savepoint(WriterSession session, string name)
    {
        _begin = session.Own($"SAVEPOINT {name}");
        _release = session.Own($"RELEASE {name}");
        _rollBack = session.Own($"ROLLBACK TO {name}");
    }

    internal void Begin() => _begin.Run();

    /// <summary>Keeps what has happened since.</summary>
    internal void Release() => _release.Run();

    /// <summary>Undoes what has happened since, and is over.</summary>
    internal void Undo()
    {
        _rollBack.Run();
        _release.Run();
    }
}
