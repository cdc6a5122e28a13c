using System.Security.Cryptography;

namespace Graft.Sqlite;

/// <summary>A replicated database, as the program that embeds a node sees it. Any thread, any node.</summary>
/// <param name="group">The group.</param>
/// <param name="machine">Its state machine on this node.</param>
public sealed class SqliteDatabase(GraftGroup group, SqliteStateMachine machine)
{
    /// <summary>The group behind it.</summary>
    public GraftGroup Group { get; } = group;

    /// <summary>The state machine behind it.</summary>
    public SqliteStateMachine Machine { get; } = machine;

    /// <summary>
    /// Has the cluster agree on what this node computes with, if it hasn't agreed on anything yet. Each node of a new cluster may propose; the first proposal holds.
    /// </summary>
    /// <param name="timeout">How long it may take; the node's default if zero.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RejectedException">Nobody leads that could take it, say; try again.</exception>
    /// <exception cref="UnknownOutcomeException">It may be agreed; proposing again is harmless.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async ValueTask AgreeAsync(TimeSpan timeout = default, CancellationToken cancellation = default)
    {
        if (!Machine.HasAgreed)
        {
            await Group.WriteAsync(Machine.Proposal, new WriteOptions { Timeout = timeout }, cancellation);
        }
    }

    /// <summary>Proposes until something is agreed. For a server: its clients can't.</summary>
    /// <param name="cancellation">Ends it, without an exception.</param>
    public async Task UntilAgreedAsync(CancellationToken cancellation)
    {
        while (!Machine.HasAgreed && !cancellation.IsCancellationRequested)
        {
            try
            {
                await AgreeAsync(default, cancellation);
                return;
            }
            catch (GraftException)
            {
                // Nobody leads yet, or the answer was lost.
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Machine.PauseAsync(cancellation);
        }
    }

    /// <summary>Has statements replicated and run; the first of a new cluster has it agree before.</summary>
    /// <param name="request">The statements.</param>
    /// <param name="options">Deadline and session.</param>
    /// <param name="cancellation">Ends the wait, not the request.</param>
    /// <exception cref="RejectedException">Nothing happened, and nothing will.</exception>
    /// <exception cref="UnknownOutcomeException">It may or may not take effect; <see cref="GraftGroup.ResolveAsync"/> tells.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; what becomes of the request isn't known.</exception>
    public async ValueTask<SqlWritten> ExecuteAsync(SqlRequest request, WriteOptions options = default, CancellationToken cancellation = default)
    {
        await AgreeBeforeAsync(options.Timeout, cancellation);
        return await SendAsync(SqlWire.Encode(request), cancellation, options);
    }

    /// <summary>Replaces the whole database by another one, through the log: every node checks it alike, and all of them have it or none.</summary>
    /// <remarks>Writes in between are lost with what is replaced. If it fails, the database is what it was; the pieces that have arrived go with the next load.</remarks>
    /// <param name="source">A file of SQLite's, from its beginning; it's read twice, so it has to be seekable.</param>
    /// <param name="lifetime">How long it may take in all, at most a week.</param>
    /// <param name="progress">Told how many bytes have been sent.</param>
    /// <param name="cancellation">Ends it between two pieces.</param>
    /// <returns>Why it was refused, if it was: <see cref="SqlAnswer.Refusal"/>.</returns>
    /// <exception cref="ArgumentException">The stream isn't seekable, or is empty.</exception>
    /// <exception cref="RejectedException">A piece wasn't taken; nothing is replaced.</exception>
    /// <exception cref="UnknownOutcomeException">Whether it was replaced isn't known: look whether the data is there.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is replaced, unless the last piece was on its way.</exception>
    public async ValueTask<SqlWritten> LoadAsync(
        Stream source, TimeSpan lifetime, IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!source.CanSeek || source.Length == 0)
        {
            throw new ArgumentException("A stream was expected that can be read twice and has something in it.", nameof(source));
        }

        await AgreeBeforeAsync(default, cancellation);
        byte[] hash = await SHA256.HashDataAsync(source, cancellation);
        source.Position = 0;
        var upload = new Upload(hash, source.Length, Math.Max(1, (long)lifetime.TotalSeconds));
        SqlWritten sent = await SendPieceAsync(Upload.EncodeBegin(upload), cancellation);
        byte[] piece = new byte[Upload.PieceBytes];
        long offset = 0;
        int count;
        while (sent.Answer.Refusal is null && (count = await source.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellation)) > 0)
        {
            sent = await SendPieceAsync(Upload.EncodePiece(hash, offset, piece.AsSpan(0, count)), cancellation);
            offset += count;
            progress?.Report(offset);
        }

        return sent.Answer.Refusal is null ? await SendAsync(Upload.EncodeEnd(hash), cancellation) : sent;
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

    // What can't be told of the agreement isn't told of the request behind it, which hasn't been sent. And a node that follows has applied what
    // was agreed only later: with the wait, it proposes once.
    private async ValueTask AgreeBeforeAsync(TimeSpan timeout, CancellationToken cancellation)
    {
        if (Machine.HasAgreed)
        {
            return;
        }

        try
        {
            await Group.WaitAsync(ReadConsistency.Linearizable, timeout, cancellation);
            await AgreeAsync(timeout, cancellation);
            await Group.WaitAsync(ReadConsistency.Linearizable, timeout, cancellation);
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

    // A piece that may have arrived replaces nothing, and its place in the log says nothing of the load.
    private async ValueTask<SqlWritten> SendPieceAsync(byte[] command, CancellationToken cancellation)
    {
        try
        {
            return await SendAsync(command, cancellation);
        }
        catch (UnknownOutcomeException unknown)
        {
            throw new RejectedException(RejectReason.TimedOut, $"A piece of the database may not have arrived, so nothing is replaced; load it again. {unknown.Message}");
        }
    }

    private async ValueTask<SqlWritten> SendAsync(byte[] command, CancellationToken cancellation, WriteOptions options = default)
    {
        WriteResult result = await Group.WriteAsync(command, options, cancellation);
        return new SqlWritten(SqlWire.DecodeAnswer(result.Answer), result.Index);
    }
}
