using Graft.Sqlite;

namespace Graft.Server;

/// <summary>What the server asks of a database: <see cref="SqliteDatabase"/>, or in tests one that fails as told.</summary>
internal interface ISqlDatabase
{
    /// <summary>Replicates a request; the exceptions are those of <see cref="GraftGroup.WriteAsync"/>.</summary>
    ValueTask<SqlWritten> ExecuteAsync(SqlRequest request, WriteOptions options, CancellationToken cancellation);

    /// <summary>Asks this node; the exceptions are those of <see cref="GraftGroup.QueryAsync"/>.</summary>
    ValueTask<SqlRead> QueryAsync(SqlQuery query, ReadConsistency consistency, TimeSpan timeout, CancellationToken cancellation);

    /// <summary>Puts another database in its place; see <see cref="SqliteDatabase.LoadAsync"/>.</summary>
    ValueTask<SqlWritten> LoadAsync(Stream source, TimeSpan lifetime, CancellationToken cancellation);

    /// <summary>Copies this node's; see <see cref="SqliteStateMachine.BackupAsync"/>.</summary>
    ValueTask BackupAsync(Stream target, bool vacuum, CancellationToken cancellation);
}
