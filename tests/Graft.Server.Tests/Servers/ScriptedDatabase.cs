using System.Text;
using Graft.Sqlite;

namespace Graft.Server.Tests;

/// <summary>A database that answers by the first word of each text. What it's told to write is replicated and applied as text.</summary>
internal sealed class ScriptedDatabase(GraftGroup group) : ISqlDatabase
{
    // As SQLite's constraint and its refusal to write on a reading connection.
    private const int Constraint = 19;
    private const int ReadOnly = 8;

    /// <summary>Thrown by the next call, before anything is written.</summary>
    internal Exception? Next { get; set; }

    /// <summary>Thrown by the next write, once it has been written: its answer is lost.</summary>
    internal Exception? Loss { get; set; }

    /// <summary>Ends when the first write has come.</summary>
    internal TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waited for by each write before it's replicated.</summary>
    internal Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>What begins so is refused by queries, as SQLite refuses what writes.</summary>
    internal string? Refuses { get; set; }

    internal List<SqlRequest> Requests { get; } = [];

    internal SqlQuery? LastQuery { get; private set; }

    internal ReadConsistency LastConsistency { get; private set; }

    public async ValueTask<SqlWritten> ExecuteAsync(SqlRequest request, WriteOptions options, CancellationToken cancellation)
    {
        Entered.TrySetResult();
        await Gate;
        ThrowNext();
        lock (Requests)
        {
            Requests.Add(request);
        }

        string command = string.Join('\n', request.Statements.Select(static statement => statement.Sql));
        WriteResult written = await group.WriteAsync(Encoding.UTF8.GetBytes(command), options, cancellation);
        if (Loss is { } loss)
        {
            Loss = null;
            throw loss;
        }

        return new SqlWritten(Answer(request.Statements, request.AllOrNothing, isWriting: true), written.Index);
    }

    public async ValueTask<SqlRead> QueryAsync(
        SqlQuery query, ReadConsistency consistency, TimeSpan timeout, CancellationToken cancellation)
    {
        ThrowNext();
        (LastQuery, LastConsistency) = (query, consistency);
        QueryResult read = await group.QueryAsync(default, consistency, timeout, cancellation);
        return new SqlRead(Answer(query.Statements, isAllOrNothing: false, isWriting: false), read.Applied);
    }

    public ValueTask<SqlWritten> LoadAsync(Stream source, TimeSpan lifetime, CancellationToken cancellation) => throw new NotSupportedException("It's scripted.");

    public ValueTask BackupAsync(Stream target, bool vacuum, CancellationToken cancellation) => throw new NotSupportedException("It's scripted.");

    private SqlAnswer Answer(IReadOnlyList<SqlStatement> statements, bool isAllOrNothing, bool isWriting)
    {
        List<SqlResult> results = [];
        for (int item = 0; item < statements.Count; item++)
        {
            string sql = statements[item].Sql;
            SqlResult result = sql switch
            {
                _ when sql.StartsWith("SELECT", StringComparison.Ordinal) =>
                    new SqlRows(item, [new SqlColumn(sql[6..].Trim(), "INTEGER", "")], new[] { SqlValue.FromInteger(1) }, 0, 0),
                _ when !isWriting && (sql.StartsWith("INSERT", StringComparison.Ordinal) || (Refuses is { } word && sql.StartsWith(word, StringComparison.Ordinal))) => new SqlFailure(item, ReadOnly, "attempt to write a readonly database"),
                _ when sql.StartsWith("INSERT", StringComparison.Ordinal) => new SqlChange(item, 1, item + 1),
                _ when sql.StartsWith("CREATE", StringComparison.Ordinal) => new SqlChange(item, 0, 0),
                _ when sql.StartsWith("POISON", StringComparison.Ordinal) && statements.Count == 1 => new SqlFailure(item, Constraint, "poison"),
                _ when sql.StartsWith("POISON", StringComparison.Ordinal) => null!,
                _ => new SqlFailure(item, 1, $"near \"{sql}\": syntax error"),
            };
            if (result is null)
            {
                return new SqlAnswer([], 0, new SqlFailure(item, Constraint, "FOREIGN KEY constraint failed"));
            }

            results.Add(result);
            if (isAllOrNothing && result is SqlFailure)
            {
                break;
            }
        }

        return new SqlAnswer(results, 0, null);
    }

    private void ThrowNext()
    {
        if (Next is { } next)
        {
            Next = null;
            throw next;
        }
    }
}
