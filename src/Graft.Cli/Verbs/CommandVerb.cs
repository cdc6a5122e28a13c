using System.CommandLine;
using System.Globalization;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary><c>graft command</c>.</summary>
internal static class CommandVerb
{
    internal static GraftVerb Build(VerbBuilder verbs)
    {
        var input = new SqlInput();
        var goOn = new Option<bool>("--continue-on-error") { Description = "Run each statement by itself; without it all take effect, or none" };
        var verb = new GraftVerb("command", "Execute command (write-only)", VerbGroup.Machine)
        {
            Examples =
            [
                "graft command \"CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT)\"",
                "graft command -p name=ada \"INSERT INTO users(name) VALUES (:name)\"",
                "graft command -f schema.sql",
            ],
            Remarks = ["A command takes effect once, on every node, however often it had to be sent.", "Several statements are one transaction."],
        };
        verb.Aliases.Add("exec");
        input.AddTo(verb);
        verb.Options.Add(goOn);
        return verbs.Calling(verb, async (run, connection, cancellation) =>
        {
            SqlStatement statement = await input.ReadAsync(run, cancellation);
            bool isOne = !run.Typed.GetValue(goOn);
            var request = new SqlRequest([statement]) { AllOrNothing = isOne };
            (WriteResult written, SqlAnswer answer) = await connection.CallAsync(
                CallKind.Write,
                async (client, cancel) =>
                {
                    WriteResult result = await client.WriteAsync(SqlWire.Encode(request), default, cancel);
                    return (result, SqlWire.DecodeAnswer(result.Answer));
                },
                cancellation);
            return await PrintAsync(run, written, answer, statement, isOne, connection.Elapsed);
        });
    }

    /// <summary>What the statements of a command came to together, in a sentence.</summary>
    internal static string Summarize(SqlAnswer answer, ulong index, TimeSpan elapsed)
    {
        long changed = answer.Results.Sum(result => result switch
        {
            SqlChange change => change.RowsAffected,
            SqlRows rows => rows.RowsAffected,
            _ => 0,
        });
        long lastId = answer.Results.LastOrDefault(result => result is SqlChange or SqlRows) switch
        {
            SqlChange change => change.LastRowId,
            SqlRows rows => rows.LastRowId,
            _ => 0,
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Words.Count(changed, "row")} changed{(changed > 0 && lastId != 0 ? $", last id {lastId}" : "")}; committed at index {Words.Number(index)}, {elapsed.TotalMilliseconds:0.0} ms");
    }

    private static async Task<int> PrintAsync(Invocation run, WriteResult written, SqlAnswer answer, SqlStatement statement, bool isOne, TimeSpan elapsed)
    {
        if (answer.FirstFailure is { } failure)
        {
            bool isPartial = answer.Refusal is null && !isOne && answer.Results.Any(result => result is not SqlFailure);
            await run.Terminal.Out.WriteAsync(isPartial && !run.IsJson ? AnswerText.Rows(answer, run.Format, run.HasHeader) : "");
            throw new FailureException(FailureMap.OfSql(failure, statement.Sql, isPartial ? Outcome.Partial : Outcome.NotApplied));
        }

        if (run.IsJson)
        {
            await run.Terminal.Out.WriteAsync(AnswerText.Json("CommandResult", answer, json =>
            {
                json.WriteNumber("index", written.Index.Value);
                json.WriteNumber("ms", Math.Round(elapsed.TotalMilliseconds, 1));
            }));
            return 0;
        }

        string rows = AnswerText.Rows(answer, run.Format, run.HasHeader);
        string summary = Summarize(answer, written.Index.Value, elapsed);
        if (rows.Length > 0)
        {
            await run.Terminal.Out.WriteAsync(rows);
            run.Say(summary);
        }
        else if (!run.IsQuiet)
        {
            await run.Terminal.Out.WriteLineAsync(summary);
        }

        return 0;
    }
}
