using System.CommandLine;
using System.Globalization;
using Graft.Consensus;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary><c>graft query</c>.</summary>
internal static class QueryVerb
{
    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var input = new SqlInput();
        Option<string?> consistency = Globals.Choice(
            "--consistency", null, "How fresh: linearizable (default), lease, or stale for whatever the node has", "linearizable", "lease", "stale");
        var age = new Option<string?>("--max-staleness") { Description = "Any node that lagged less than this", HelpName = "time" };
        var index = new Option<string?>("--at-least") { Description = "Any node that has applied this index: your own write's, say", HelpName = "index" };
        var limit = new Option<int?>("--limit") { Description = "How many rows at most (default 100000)", HelpName = "rows" };
        var verb = new GraftVerb("query", "Execute query (read-only)", VerbGroup.Machine)
        {
            Examples =
            [
                "graft query \"SELECT id, name FROM users ORDER BY id\"",
                "graft query -p id=3 \"SELECT * FROM users WHERE id = :id\" --json",
                "graft query --consistency stale \"SELECT count(*) FROM users\"",
                "graft query - < report.sql",
            ],
        };
        input.AddTo(verb);
        verb.Options.Add(consistency);
        verb.Options.Add(age);
        verb.Options.Add(index);
        verb.Options.Add(limit);
        return verbs.Calling(verb, async (run, connection, cancellation) =>
        {
            ReadConsistency level = LevelOf(run.Typed.GetValue(consistency), run.Typed.GetValue(age), run.Typed.GetValue(index));
            SqlStatement statement = await input.ReadAsync(run, cancellation);
            int rowsMax = run.Typed.GetValue(limit) ?? 100_000;
            if (rowsMax <= 0)
            {
                throw Invocation.Usage($"--limit: expected a number above zero, found {rowsMax}");
            }

            return await AskAsync(run, connection, statement, level, rowsMax, cancellation);
        });
    }

    internal static ReadConsistency LevelOf(string? name, string? age, string? index)
    {
        if ((name is null ? 0 : 1) + (age is null ? 0 : 1) + (index is null ? 0 : 1) > 1)
        {
            throw Invocation.Usage("--consistency, --max-staleness and --at-least exclude each other");
        }

        if (age is not null)
        {
            return ReadConsistency.Bounded(Invocation.ReadDuration(age, "--max-staleness"));
        }

        if (index is not null)
        {
            return ulong.TryParse(index.Replace(",", "", StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out ulong at)
                ? ReadConsistency.AtLeast(new LogIndex(at))
                : throw Invocation.Usage($"--at-least: expected the index of a write, found '{index}'");
        }

        return name switch
        {
            null or "linearizable" => ReadConsistency.Linearizable,
            "lease" => ReadConsistency.Lease,
            "stale" => ReadConsistency.Local,
            _ => throw Invocation.Usage($"--consistency: expected linearizable, lease or stale, found '{name}'"),
        };
    }

    private static async Task<int> AskAsync(
        Invocation run, Connection connection, SqlStatement statement, ReadConsistency level, int rowsMax, CancellationToken cancellation)
    {
        var query = new SqlQuery([statement]) { TimeMax = run.Timeout, RowsMax = rowsMax };
        (QueryResult read, SqlAnswer answer) = await connection.CallAsync(
            CallKind.Read,
            async (client, cancel) =>
            {
                QueryResult found = await client.QueryAsync(SqlWire.Encode(query), level, default, cancel);
                return (found, SqlWire.DecodeAnswer(found.Answer));
            },
            cancellation);
        string consistency = read.Level == ReadConsistencyKind.Local ? "stale" : read.Level.ToString().ToLowerInvariant();
        if (run.IsJson && answer.FirstFailure is null)
        {
            await run.Terminal.Out.WriteAsync(AnswerText.Json("QueryResult", answer, json =>
            {
                json.WriteNumber("index", read.Applied.Value);
                json.WriteString("consistency", consistency);
                json.WriteNumber("ms", Math.Round(connection.Elapsed.TotalMilliseconds, 1));
            }));
            return 0;
        }

        await run.Terminal.Out.WriteAsync(AnswerText.Rows(answer, run.Format, run.HasHeader));
        if (answer.FirstFailure is { } failure)
        {
            Failure said = FailureMap.OfSql(failure, statement.Sql, Outcome.None);
            throw new FailureException(
                failure.Message.Contains("readonly database", StringComparison.Ordinal)
                    ? said with { Facts = said.Facts.Add("a query can't write"), Hints = ["graft command \"...\""] }
                    : said);
        }

        long rows = answer.Results.OfType<SqlRows>().Sum(each => (long)each.Count);
        run.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{Words.Count(rows, "row")}, {consistency} at index {Words.Number(read.Applied.Value)}, {connection.Elapsed.TotalMilliseconds:0.0} ms"));
        return 0;
    }
}
