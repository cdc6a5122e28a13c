using Graft.Sqlite;

namespace Graft.Server;

/// <summary>The real one.</summary>
internal sealed class ReplicatedDatabase(SqliteDatabase database) : ISqlDatabase
{
    public async ValueTask<SqlWritten> ExecuteAsync(SqlRequest request, WriteOptions options, CancellationToken cancellation)
    {
        if (!database.Machine.HasAgreed)
        {
            await AgreeAsync(options.Timeout, cancellation);
        }

        return await database.ExecuteAsync(request, options, cancellation);
    }

    public ValueTask<SqlRead> QueryAsync(SqlQuery query, ReadConsistency consistency, TimeSpan timeout, CancellationToken cancellation) =>
        database.QueryAsync(query, consistency, timeout, cancellation);

    public ValueTask<SqlWritten> LoadAsync(Stream source, TimeSpan lifetime, CancellationToken cancellation) =>
        database.LoadAsync(source, lifetime, progress: null, cancellation);

    public ValueTask BackupAsync(Stream target, bool vacuum, CancellationToken cancellation) =>
        database.Machine.BackupAsync(target, vacuum, cancellation);

    // What can't be told of the agreement isn't told of the request behind it, which hasn't been sent. And a node that follows has applied what
    // was agreed only later: with the wait, it proposes once.
    private async ValueTask AgreeAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        try
        {
            await database.Group.WaitAsync(ReadConsistency.Linearizable, timeout, cancellation);
            await database.AgreeAsync(timeout, cancellation);
            await database.Group.WaitAsync(ReadConsistency.Linearizable, timeout, cancellation);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw new RejectedException(RejectReason.TimedOut, $"The cluster hasn't agreed yet on what it computes with: {unknown.Message} Try again.");
        }
        catch (ReadFailedException failed)
        {
            throw new RejectedException(failed.Reason, failed.Message);
        }
    }
}
