namespace Graft.Sqlite;

/// <summary>A replicated database, as the program that embeds a node sees it. Any thread, any node.</summary>
/// <param name="group">A group whose state machine is a <see cref="SqliteStateMachine"/>.</param>
public sealed class SqliteDatabase(GraftGroup group)
{
    /// <summary>The group behind it.</summary>
    public GraftGroup Group { get; } = group;

    /// <summary>Has statements replicated and run.</summary>
    /// <param name="request">The statements.</param>
    /// <param name="options">Deadline and session.</param>
    /// <param name="cancellation">Ends the wait, not the request.</param>
    /// <exception cref="RejectedException">Nothing happened, and nothing will.</exception>
    /// <exception cref="UnknownOutcomeException">It may or may not take effect; <see cref="GraftGroup.ResolveAsync"/> tells.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the request isn't known.</exception>
    public async ValueTask<SqlWritten> ExecuteAsync(SqlRequest request, WriteOptions options = default, CancellationToken cancellation = default)
    {
        WriteResult result = await Group.WriteAsync(SqlWire.Encode(request), options, cancellation);
        return new SqlWritten(SqlWire.DecodeAnswer(result.Answer), result.Index);
    }

    /// <summary>Runs statements that only read, on this node, once its state is as fresh as asked for.</summary>
    /// <param name="query">The statements.</param>
    /// <param name="consistency">How fresh; linearizable if left out.</param>
    /// <param name="timeout">How long getting there may take; the node's default if zero. How long the query may run, <see cref="SqlQuery.TimeMax"/> says.</param>
    /// <param name="cancellation">The asker gives up.</param>
    /// <exception cref="ReadFailedException">It couldn't be made that fresh in time, or this node has no database.</exception>
    /// <exception cref="QueryFailedException">The database couldn't be read.</exception>
    /// <exception cref="RejectedException">The node has stopped, or as many reads wait as may.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<SqlRead> QueryAsync(
        SqlQuery query, ReadConsistency consistency = default, TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        QueryResult result = await Group.QueryAsync(SqlWire.Encode(query), consistency, timeout, cancellation);
        return new SqlRead(SqlWire.DecodeAnswer(result.Answer), result.Applied);
    }
}
