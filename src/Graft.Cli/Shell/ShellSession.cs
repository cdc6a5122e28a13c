using System.Globalization;
using Graft.Network;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>What the shell does with what it's given: statements and dot-commands, one after the other.</summary>
internal sealed class ShellSession(Invocation run, Connection connection, ShellSettings settings)
{
    private const int RowsMax = 100_000;

    private readonly List<string> _transaction = [];
    private string _pending = "";

    /// <summary>Somebody has asked to leave.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>A statement has begun and not ended.</summary>
    internal bool IsPending => !SqlScript.IsEmpty(_pending);

    /// <summary>Statements are kept for a COMMIT.</summary>
    internal bool IsInTransaction => _transaction.Count > 0;

    /// <summary>Forgets what has begun.</summary>
    internal void Abandon() => _pending = "";

    /// <summary>Takes a line, and runs what is whole with it.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="consent">Asked whether a statement may run that changes every row; null if nobody is there.</param>
    /// <param name="cancellation">Ends what runs.</param>
    /// <exception cref="FailureException">A statement or a command has failed. What follows it on its line isn't run.</exception>
    internal async Task TakeAsync(string line, Func<string, bool>? consent, CancellationToken cancellation)
    {
        if (!IsPending && line.TrimStart().StartsWith('.'))
        {
            await CommandAsync(line.Trim(), cancellation);
            return;
        }

        _pending += line + "\n";
        while (!IsOver && SqlScript.TryTake(_pending, out string statement, out string rest))
        {
            _pending = rest;
            try
            {
                await RunAsync(statement.Trim(), consent, cancellation);
            }
            catch (FailureException)
            {
                Abandon();
                throw;
            }
        }

        if (!IsPending)
        {
            Abandon();
        }
    }

    /// <summary>Runs what has begun as if it had ended: the input has.</summary>
    internal async Task EndAsync(CancellationToken cancellation)
    {
        if (IsPending)
        {
            string last = _pending;
            Abandon();
            await RunAsync(last.Trim(), null, cancellation);
        }

        if (IsInTransaction)
        {
            _transaction.Clear();
            throw new FailureException(new Failure(FailureCode.Sql, "the input ended before COMMIT") { Outcome = Outcome.NotApplied });
        }
    }

    /// <summary>The names of tables and columns, for completion.</summary>
    internal async Task<List<string>> NamesAsync(CancellationToken cancellation)
    {
        SqlAnswer answer = await AskAsync(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') UNION SELECT c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'",
            cancellation);
        return [.. answer.Results.OfType<SqlRows>().SelectMany(rows => Enumerable.Range(0, rows.Count).Select(row => rows[row][0].Text)).Where(name => !name.StartsWith("_graft_", StringComparison.Ordinal))];
    }

    private async Task RunAsync(string sql, Func<string, bool>? consent, CancellationToken cancellation)
    {
        if (SqlScript.IsEmpty(sql))
        {
            return;
        }

        if (consent is not null && SqlScript.ChangesEverything(sql) && !consent($"This {SqlScript.FirstWord(sql)} has no WHERE and would change every row."))
        {
            run.Say("not run");
            return;
        }

        // A transaction can't wait in the log for what is still to be typed: it's kept here and sent as a whole.
        switch (SqlScript.FirstWord(sql))
        {
            case "BEGIN" when !IsInTransaction:
                _transaction.Add(sql);
                return;
            case "ROLLBACK" when IsInTransaction && !sql.Contains(" TO", StringComparison.OrdinalIgnoreCase):
                _transaction.Clear();
                return;
            case "COMMIT" or "END" when IsInTransaction:
                string whole = string.Join('\n', [.. _transaction, sql]);
                _transaction.Clear();
                await WriteAsync(whole, cancellation);
                return;
            case var _ when IsInTransaction:
                _transaction.Add(sql);
                return;
            case "SELECT" or "VALUES" or "EXPLAIN":
                await ReadAsync(sql, cancellation);
                return;
            case "WITH" or "PRAGMA":
                // Either may read or write, and only SQLite knows.
                try
                {
                    await ReadAsync(sql, cancellation);
                }
                catch (FailureException failed) when (failed.Failure.Code == FailureCode.Sql)
                {
                    await WriteAsync(sql, cancellation);
                }

                return;
            default:
                await WriteAsync(sql, cancellation);
                return;
        }
    }

    private async Task<SqlAnswer> AskAsync(string sql, CancellationToken cancellation)
    {
        byte[] query = SqlWire.Encode(new SqlQuery([new SqlStatement(sql)]) { TimeMax = run.Timeout, RowsMax = RowsMax });
        return await connection.CallAsync(
            CallKind.Read,
            async (client, cancel) => SqlWire.DecodeAnswer((await client.QueryAsync(query, settings.Consistency, default, cancel)).Answer),
            cancellation);
    }

    private async Task ReadAsync(string sql, CancellationToken cancellation) =>
        await PrintAsync(await AskAsync(sql, cancellation), sql, isWrite: false);

    private async Task WriteAsync(string sql, CancellationToken cancellation)
    {
        byte[] command = SqlWire.Encode(new SqlRequest([new SqlStatement(sql)]) { AllOrNothing = true });
        SqlAnswer answer = await connection.CallAsync(
            CallKind.Write, async (client, cancel) => SqlWire.DecodeAnswer((await client.WriteAsync(command, default, cancel)).Answer), cancellation);
        await PrintAsync(answer, sql, isWrite: true);
    }

    private async Task PrintAsync(SqlAnswer answer, string sql, bool isWrite)
    {
        if (answer.FirstFailure is { } failure)
        {
            throw new FailureException(FailureMap.OfSql(failure, sql, isWrite ? Outcome.NotApplied : Outcome.None));
        }

        foreach (SqlRows rows in answer.Results.OfType<SqlRows>())
        {
            await run.Terminal.Out.WriteAsync(ShellText.Of(rows, settings));
        }

        long changed = answer.Results.OfType<SqlChange>().Sum(change => change.RowsAffected);
        string time = settings.ShowsTime ? string.Create(CultureInfo.InvariantCulture, $"{connection.Elapsed.TotalMilliseconds:0.0} ms") : "";
        if (run.Terminal.IsOutputTerminal && isWrite)
        {
            run.Say($"{Words.Count(changed, "row")} changed{(time.Length > 0 ? $" ({time})" : "")}");
        }
        else if (time.Length > 0)
        {
            run.Say(time);
        }
    }

    private async Task CommandAsync(string line, CancellationToken cancellation)
    {
        string[] words = line.TrimEnd(';').Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string argument = words.Length > 1 ? words[1] : "";
        switch (words[0])
        {
            case ".quit" or ".exit":
                IsOver = true;
                break;
            case ".help":
                await run.Terminal.Out.WriteAsync(DotCommands.Help);
                break;
            case ".tables":
                await ReadAsync(DotCommands.Tables(argument), cancellation);
                break;
            case ".schema":
                await SchemaAsync(argument, cancellation);
                break;
            case ".indexes":
                await ReadAsync(DotCommands.Indexes(argument), cancellation);
                break;
            case ".explain":
                await ReadAsync($"EXPLAIN QUERY PLAN {line[".explain".Length..]}", cancellation);
                break;
            case ".nodes" or ".leader" or ".status":
                MembersView view = await connection.CallAsync(CallKind.Read, (client, cancel) => client.Roster.ListAsync(default, cancel), cancellation);
                await run.Terminal.Out.WriteAsync(words[0] switch
                {
                    ".nodes" => MembersText.Table(view),
                    ".status" => StatusText.ForPeople(connection.Client.Cluster, view),
                    _ => $"{view.Leader}  {view.Find(view.Leader)?.Address}  term {view.Term.Value}\n",
                });
                break;
            case ".read":
                await ScriptAsync(argument, cancellation);
                break;
            default:
                await run.Terminal.Out.WriteAsync(DotCommands.Set(settings, words));
                break;
        }
    }

    private async Task SchemaAsync(string table, CancellationToken cancellation)
    {
        SqlAnswer answer = await AskAsync(DotCommands.Schema(table), cancellation);
        foreach (SqlRows rows in answer.Results.OfType<SqlRows>())
        {
            for (int row = 0; row < rows.Count; row++)
            {
                await run.Terminal.Out.WriteLineAsync($"{rows[row][0].Text};");
            }
        }
    }

    private async Task ScriptAsync(string path, CancellationToken cancellation)
    {
        foreach (string line in (await SqlInput.ReadFileAsync(path, cancellation)).Split('\n'))
        {
            await TakeAsync(line.TrimEnd('\r'), null, cancellation);
        }
    }
}
