using System.Text;
using System.Text.Json;
using Graft.Sqlite;

namespace Graft.Cli;

/// <summary>The results of all statements of a request.</summary>
internal static class AnswerText
{
    /// <summary>The rows of those that have any, with an empty line between two.</summary>
    internal static string Rows(SqlAnswer answer, OutputFormat format, bool hasHeader)
    {
        var text = new StringBuilder();
        foreach (SqlRows rows in answer.Results.OfType<SqlRows>())
        {
            text.Append(text.Length == 0 ? "" : "\n");
            text.Append(format == OutputFormat.Csv ? RowsText.Csv(rows, hasHeader) : RowsText.Table(rows, hasHeader));
        }

        return text.ToString();
    }

    /// <summary>One document: the only result's fields in it, or <c>results</c> if there are several or none.</summary>
    internal static string Json(string kind, SqlAnswer answer, Action<Utf8JsonWriter> writeRest) => JsonText.OfKind(kind, json =>
    {
        if (answer.Results is [SqlRows only])
        {
            RowsText.WriteJson(json, only);
        }
        else
        {
            json.WriteStartArray("results");
            foreach (SqlResult result in answer.Results)
            {
                json.WriteStartObject();
                Write(json, result);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        writeRest(json);
    });

    private static void Write(Utf8JsonWriter json, SqlResult result)
    {
        switch (result)
        {
            case SqlRows rows:
                RowsText.WriteJson(json, rows);
                if (rows.RowsAffected > 0)
                {
                    json.WriteNumber("rowsAffected", rows.RowsAffected);
                    json.WriteNumber("lastRowId", rows.LastRowId);
                }

                break;
            case SqlChange change:
                json.WriteNumber("rowsAffected", change.RowsAffected);
                json.WriteNumber("lastRowId", change.LastRowId);
                break;
            case SqlFailure failure:
                json.WriteString("error", failure.Message);
                json.WriteNumber("code", failure.Code);
                break;
            default:
                throw new InvalidOperationException($"There is no result of type {result.GetType()}.");
        }
    }
}
