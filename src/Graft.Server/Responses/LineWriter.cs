using System.Buffers;
using System.IO.Pipelines;
using Graft.Sqlite;

namespace Graft.Server;

/// <summary>An answer as lines of JSON, each read by itself: a head for each result, its rows, and at the very end a line that says so.</summary>
/// <remarks>
/// <code>
/// {"item":0,"columns":["id","name"],"types":["integer","text"]}
/// [1,"fiona"]
/// {"item":1,"last_insert_id":2,"rows_affected":1}
/// {"item":2,"error":"no such table: foo","code":1}
/// {"end":true,"level":"linearizable","index":17}
/// </code>
/// An answer without its last line was cut off.
/// </remarks>
/// <param name="output">Where it goes.</param>
/// <param name="form">How values are written.</param>
internal sealed class LineWriter(PipeWriter output, AnswerForm form)
{
    // About what one flush of a connection takes without a wait.
    private const int FlushBytes = 64 << 10;

    /// <param name="answer">What a request came to.</param>
    /// <param name="level">The level of a read; null of a write.</param>
    /// <param name="index">Where the log has a write, or how far the state was that a read saw.</param>
    /// <param name="cancellation">The client has gone.</param>
    internal async Task WriteAsync(SqlAnswer answer, string? level, ulong index, CancellationToken cancellation)
    {
        foreach (SqlResult result in answer.Refusal is null ? answer.Results : [])
        {
            await WriteAsync(result, cancellation);
        }

        Line(json =>
        {
            json.BeginObject();
            json.Name("end");
            json.Boolean(true);
            if (answer.Refusal is { } refusal)
            {
                json.Name("error");
                json.Text(refusal.Message);
            }

            if (level is not null)
            {
                json.Name("level");
                json.Text(level);
            }

            json.Name("index");
            json.Number(index);
            json.EndObject();
        });
        await output.FlushAsync(cancellation);
    }

    private async Task WriteAsync(SqlResult result, CancellationToken cancellation)
    {
        RowShape? shape = result is SqlRows some ? RowShape.Of(some, form) : null;
        Line(json => WriteHead(json, result, shape));
        if (result is not SqlRows rows || shape is null)
        {
            return;
        }

        for (int i = 0; i < rows.Count; i++)
        {
            shape.WriteRow(new GoJson(output), rows[i]);
            output.Write("\n"u8);
            if (output.UnflushedBytes >= FlushBytes)
            {
                await output.FlushAsync(cancellation);
            }
        }
    }

    private static void WriteHead(GoJson json, SqlResult result, RowShape? shape)
    {
        json.BeginObject();
        json.Name("item");
        json.Number((long)result.Item);
        shape?.WriteHead(json);
        switch (result)
        {
            case SqlFailure failure:
                json.Name("error");
                json.Text(failure.Message);
                json.Name("code");
                json.Number((long)failure.Code);
                break;
            case SqlChange change:
                json.Name("last_insert_id");
                json.Number(change.LastRowId);
                json.Name("rows_affected");
                json.Number(change.RowsAffected);
                break;
        }

        json.EndObject();
    }

    private void Line(Action<GoJson> write)
    {
        write(new GoJson(output));
        output.Write("\n"u8);
    }
}
