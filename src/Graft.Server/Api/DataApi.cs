using System.Globalization;
using System.Text;
using Graft.Consensus;
using Graft.Sqlite;
using Microsoft.AspNetCore.Http;

namespace Graft.Server;

/// <summary>What reads and writes data: <c>/db/…</c>.</summary>
internal sealed class DataApi(ISqlDatabase database, ClusterView cluster, WriteQueue queue)
{
    // SQLite's code for a write that a reading connection was asked for, without what extends it.
    private const int ReadOnly = 8;

    // A text that is loaded has many statements, where a request has few.
    private const long LoadSteps = 100 * SqlRequest.DefaultStepBudget;

    private const string IdempotencyKey = "Idempotency-Key";

    // What a dump begins with. Foreign keys are the cluster's to switch; looked at when all is loaded, they serve a dump as well.
    private const string DumpHead = "PRAGMA foreign_keys=OFF;";
    private const string LoadHead = "PRAGMA defer_foreign_keys=ON;";

    internal async Task ExecuteAsync(Exchange exchange)
    {
        if (await cluster.TryRedirectAsync(exchange))
        {
            return;
        }

        if (exchange.Parameters.Has("queue"))
        {
            await QueueAsync(exchange);
            return;
        }

        IReadOnlyList<SqlStatement> statements = await ReadStatementsAsync(exchange, mayBeText: true);
        await ExecuteAsync(exchange, RequestOf(exchange, statements));
    }

    internal async Task QueryAsync(Exchange exchange)
    {
        ReadChoice choice = ReadChoice.Of(exchange.Parameters, cluster.IsVoter);
        if (!choice.IsLocal && await cluster.TryRedirectAsync(exchange))
        {
            return;
        }

        IReadOnlyList<SqlStatement> statements = await ReadQueryAsync(exchange);
        if (statements.Count == 0)
        {
            await HttpText.WriteJsonAsync(exchange.Http, output => new AnswerWriter(output, AnswerForm.Of(exchange.Parameters, isOfQuery: true)).WriteError(null));
            return;
        }

        if (await AskAsync(exchange, statements, choice) is var (answer, applied))
        {
            await AnswerReadAsync(exchange, statements, Reworded(answer), applied, choice);
        }
    }

    /// <summary>Reads and writes in one request: a plain query if all of it reads, one entry of the log otherwise.</summary>
    internal async Task RequestAsync(Exchange exchange)
    {
        ReadChoice choice = ReadChoice.Of(exchange.Parameters, cluster.IsVoter);
        IReadOnlyList<SqlStatement> statements = await ReadStatementsAsync(exchange, mayBeText: false);
        bool mayBeQuery = statements.All(static statement => FirstWord.MayRead(statement.Sql));
        if (!(mayBeQuery && choice.IsLocal) && await cluster.TryRedirectAsync(exchange))
        {
            return;
        }

        // A guess by the first words costs nothing if it's wrong: the reading connection refuses whatever writes.
        if (mayBeQuery)
        {
            if (await AskAsync(exchange, statements, choice) is not var (answer, applied))
            {
                return;
            }

            if (!answer.Results.OfType<SqlFailure>().Any(IsOfWriting))
            {
                await AnswerReadAsync(exchange, statements, answer, applied, choice);
                return;
            }
        }

        await ExecuteAsync(exchange, RequestOf(exchange, statements));
    }

    /// <summary>Runs a text of SQL, whole or not at all.</summary>
    internal async Task LoadTextAsync(Exchange exchange)
    {
        ReadOnlyMemory<byte> body = await exchange.ReadBodyAsync();
        if (body.IsEmpty)
        {
            throw new RequestRefusedException("no statements");
        }

        long budget = BudgetOf(exchange, LoadSteps);
        string text = ReadText(body.Span);
        if (text.StartsWith(DumpHead, StringComparison.Ordinal))
        {
            text = LoadHead + text[DumpHead.Length..];
        }

        await ExecuteAsync(exchange, new SqlRequest([new SqlStatement(text)]) { AllOrNothing = true, StepBudget = budget });
    }

    /// <summary>What becomes of statements before they are replicated: nothing.</summary>
    internal async Task SqlAsync(Exchange exchange)
    {
        IReadOnlyList<SqlStatement> statements = await ReadQueryAsync(exchange);
        await exchange.AnswerJsonAsync(json =>
        {
            json.BeginObject();
            json.Name("results");
            json.BeginArray();
            foreach (SqlStatement statement in statements)
            {
                json.BeginObject();
                json.Name("original");
                json.Text(statement.Sql);
                json.Name("rewritten");
                json.Text(statement.Sql);
                json.EndObject();
            }

            json.EndArray();
            json.EndObject();
        });
    }

    private async Task ExecuteAsync(Exchange exchange, SqlRequest request)
    {
        (SqlAnswer answer, LogIndex index) = await database.ExecuteAsync(request, WriteOptionsOf(exchange), exchange.Gone);
        cluster.SetServedBy(exchange);
        exchange.SetHeader("X-Graft-Index", index.Value);
        AnswerForm form = AnswerForm.Of(exchange.Parameters, isOfQuery: false);
        if (exchange.WantsLines)
        {
            await AnswerLinesAsync(exchange, form, answer, null, index);
            return;
        }

        var tail = new AnswerTail(exchange.Elapsed, exchange.Parameters.Has("raft_index") ? index.Value : null);
        await HttpText.WriteJsonAsync(exchange.Http, output => new AnswerWriter(output, form).Write(answer, request.Statements, request.AllOrNothing, tail));
    }

    // Null if it has been answered already.
    private async Task<SqlRead?> AskAsync(Exchange exchange, IReadOnlyList<SqlStatement> statements, ReadChoice choice)
    {
        QueryParameters parameters = exchange.Parameters;
        TimeSpan timeout = choice.Consistency.Kind == ReadConsistencyKind.Linearizable && parameters.Duration("linearizable_timeout") is { } own && own > TimeSpan.Zero
            ? own
            : exchange.Timeout;
        var query = new SqlQuery(statements) { BindStrictly = parameters.Has("strict") };
        TimeSpan most = parameters.Duration("db_timeout");
        query = query with
        {
            TimeMax = most > TimeSpan.Zero ? most : query.TimeMax,
            RowsMax = CountOf(parameters, "max_rows", 1, int.MaxValue, query.RowsMax),
            AnswerBytesMax = CountOf(parameters, "max_bytes", 256, AnswerBytesMax, query.AnswerBytesMax),
        };
        try
        {
            if (choice.After is { } after)
            {
                await cluster.Group.WaitAsync(ReadConsistency.AtLeast(after), timeout, exchange.Gone);
            }

            return await database.QueryAsync(query, choice.Consistency, timeout, exchange.Gone);
        }
        catch (ReadFailedException) when (choice.Consistency.Kind == ReadConsistencyKind.Bounded)
        {
            AnswerForm form = AnswerForm.Of(parameters, isOfQuery: true);
            await HttpText.WriteJsonAsync(exchange.Http, output => new AnswerWriter(output, form).WriteError("stale read"));
            return null;
        }
    }

    private async Task AnswerReadAsync(Exchange exchange, IReadOnlyList<SqlStatement> statements, SqlAnswer answer, LogIndex applied, ReadChoice choice)
    {
        cluster.SetServedBy(exchange);
        exchange.SetHeader("X-Graft-Level", choice.Name);
        exchange.SetHeader("X-Graft-Index", applied.Value);
        AnswerForm form = AnswerForm.Of(exchange.Parameters, isOfQuery: true);
        if (exchange.WantsLines)
        {
            await AnswerLinesAsync(exchange, form, answer, choice.Name, applied);
            return;
        }

        var tail = new AnswerTail(exchange.Elapsed, exchange.Parameters.Has("raft_index") ? applied.Value : null);
        await HttpText.WriteJsonAsync(exchange.Http, output => new AnswerWriter(output, form).Write(answer, statements, isAllOrNothing: false, tail));
    }

    private static Task AnswerLinesAsync(Exchange exchange, AnswerForm form, SqlAnswer answer, string? level, LogIndex index)
    {
        exchange.Response.ContentType = "application/x-ndjson";
        return new LineWriter(exchange.Response.BodyWriter, form).WriteAsync(answer, level, index.Value, exchange.Gone);
    }

    private async Task QueueAsync(Exchange exchange)
    {
        if (exchange.Request.Headers.ContainsKey(IdempotencyKey))
        {
            throw new RequestRefusedException($"{IdempotencyKey} goes with no queue: a queued write has a number of its own and is written once");
        }

        bool waits = exchange.Parameters.Has("wait");
        IReadOnlyList<SqlStatement> statements = [];
        try
        {
            statements = await ReadStatementsAsync(exchange, mayBeText: true);
        }
        catch (RequestRefusedException none) when (waits && none.Message == "no statements")
        {
            // A request that holds nothing ends when all before it have.
        }

        if (!exchange.Parameters.Has("noleader") && cluster.Group.Leader is null)
        {
            throw new RequestRefusedException(StatusCodes.Status503ServiceUnavailable, "leader not found");
        }

        QueuedWrite write = queue.TryAdd(RequestOf(exchange, statements), waits)
            ?? throw new RequestRefusedException(StatusCodes.Status503ServiceUnavailable, "queue is full");
        var answer = new SqlAnswer([], 0, null);
        if (waits)
        {
            try
            {
                answer = await write.Done.WaitAsync(exchange.Timeout, exchange.Gone);
            }
            catch (TimeoutException)
            {
                throw new RequestRefusedException(StatusCodes.Status408RequestTimeout, "queue wait timeout");
            }
        }

        cluster.SetServedBy(exchange);
        AnswerForm form = AnswerForm.Of(exchange.Parameters, isOfQuery: false);
        var tail = new AnswerTail(exchange.Elapsed, Sequence: write.Sequence);
        await HttpText.WriteJsonAsync(
            exchange.Http, output => new AnswerWriter(output, form).Write(answer, waits ? statements : [], write.Request.AllOrNothing, tail));
    }

    // Each of many readers at once may have so much in memory, and again as it is rendered.
    private const int AnswerBytesMax = 64 * 1024 * 1024;

    private static SqlRequest RequestOf(Exchange exchange, IReadOnlyList<SqlStatement> statements)
    {
        var request = new SqlRequest(statements) { AllOrNothing = exchange.Parameters.Has("transaction"), BindStrictly = exchange.Parameters.Has("strict") };
        return request with { StepBudget = BudgetOf(exchange, request.StepBudget) };
    }

    private static long BudgetOf(Exchange exchange, long otherwise) =>
        !exchange.Parameters.Has("step_budget") ? otherwise
        : exchange.Parameters.Count("step_budget") is { } steps && steps >= 1000 && steps <= SqlRequest.StepBudgetMax ? steps
        : throw new RequestRefusedException($"step_budget is from 1000 to {SqlRequest.StepBudgetMax}");

    private static WriteOptions WriteOptionsOf(Exchange exchange)
    {
        string key = exchange.Request.Headers[IdempotencyKey].ToString().Trim('"');
        if (key.Length == 0)
        {
            return new WriteOptions { Timeout = exchange.Timeout };
        }

        string[] parts = key.Split('/');
        return parts.Length == 2
            && ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong session) && session > 0
            && ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong sequence)
            ? new WriteOptions { Timeout = exchange.Timeout, Session = session, Sequence = sequence }
            : throw new RequestRefusedException($"{IdempotencyKey} is <session>/<number>: POST /api/v1/sessions opens a session, and each write in it has a number of its own");
    }

    private static async Task<IReadOnlyList<SqlStatement>> ReadQueryAsync(Exchange exchange)
    {
        if (exchange.Request.Method == HttpMethods.Get)
        {
            return exchange.Parameters.Find("q") is { } sql ? [new SqlStatement(sql)] : [];
        }

        return await ReadStatementsAsync(exchange, mayBeText: true);
    }

    private static async Task<IReadOnlyList<SqlStatement>> ReadStatementsAsync(Exchange exchange, bool mayBeText)
    {
        ReadOnlyMemory<byte> body = await exchange.ReadBodyAsync();
        bool isText = mayBeText && exchange.Request.ContentType?.StartsWith("text/plain", StringComparison.OrdinalIgnoreCase) == true;
        return isText
            ? [new SqlStatement(ReadText(body.Span))]
            : StatementParser.Parse(body.Span, isLossless: exchange.Parameters.Find("typing") == "lossless");
    }

    private static string ReadText(ReadOnlySpan<byte> body) =>
        System.Text.Unicode.Utf8.IsValid(body) ? Encoding.UTF8.GetString(body) : throw new RequestRefusedException("the text isn't UTF-8");

    private static int CountOf(QueryParameters parameters, string name, int least, int most, int otherwise) => parameters.Count(name) switch
    {
        null => otherwise,
        { } count when count >= least && count <= most => (int)count,
        _ => throw new RequestRefusedException($"{name} is from {least} to {most}"),
    };

    private static bool IsOfWriting(SqlFailure failure) => (failure.Code & 0xFF) == ReadOnly;

    private static SqlAnswer Reworded(SqlAnswer answer) => answer with
    {
        Results = [.. answer.Results.Select(static result => result is SqlFailure failure && IsOfWriting(failure)
            ? failure with { Message = "attempt to change database via query operation" }
            : result)],
    };
}
