using Graft.Sqlite;

namespace Graft.Server;

/// <summary>The real one.</summary>
internal sealed class ReplicatedDatabase(SqliteDatabase database) : ISqlDatabase
{
    public ValueTask<SqlWritten> ExecuteAsync(SqlRequest request, WriteOptions options, CancellationToken cancellation) =>
        database.ExecuteAsync(request, options, cancellation);

    public ValueTask<SqlRead> QueryAsync(SqlQuery query, ReadConsistency consistency, TimeSpan timeout, CancellationToken cancellation) =>
        database.QueryAsync(query, consistency, timeout, cancellation);

    public ValueTask<SqlWritten> LoadAsync(Stream source, TimeSpan lifetime, CancellationToken cancellation) =>
        database.LoadAsync(source, lifetime, progress: null, cancellation);

    public ValueTask BackupAsync(Stream target, bool vacuum, CancellationToken cancellation) =>
        database.Machine.BackupAsync(target, vacuum, cancellation);
}
