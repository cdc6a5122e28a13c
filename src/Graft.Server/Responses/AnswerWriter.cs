using System.Buffers;
using Graft.Sqlite;

namespace Graft.Server;

/// <summary>A whole answer in the dialect: <c>{"results":[…]}</c>.</summary>
internal sealed class AnswerWriter
{
    private readonly GoJson _json;
    private readonly AnswerForm _form;

    internal AnswerWriter(IBufferWriter<byte> output, AnswerForm form) => (_json, _form) = (new GoJson(output, form.IsPretty), form);

    /// <summary>Writes it.</summary>
    /// <param name="answer">What a request came to.</param>
    /// <param name="statements">The request: a client counts results by its texts.</param>
    /// <param name="isAllOrNothing">What stands behind its first error wasn't run.</param>
    /// <param name="tail">What stands behind the results.</param>
    internal void Write(SqlAnswer answer, IReadOnlyList<SqlStatement> statements, bool isAllOrNothing, AnswerTail tail = default)
    {
        _json.BeginObject();
        _json.Name("results");
        _json.BeginArray();
        if (answer.Refusal is null)
        {
            foreach (SqlResult? result in _form.IsOfEachStatement ? answer.Results : ByText(answer, statements, isAllOrNothing))
            {
                WriteResult(result);
            }
        }

        _json.EndArray();
        WriteTail(answer.Refusal?.Message, tail);
    }

    /// <summary>Writes that there are no results, and why.</summary>
    internal void WriteError(string? error, AnswerTail tail = default)
    {
        _json.BeginObject();
        _json.Name("results");
        _json.BeginArray();
        _json.EndArray();
        WriteTail(error, tail);
    }

    // A text may hold several statements, and every one of them was run. Its result is its first error, or else its last one.
    private static IEnumerable<SqlResult?> ByText(SqlAnswer answer, IReadOnlyList<SqlStatement> statements, bool isAllOrNothing)
    {
        int next = 0;
        for (int item = 0; item < statements.Count; item++)
        {
            SqlResult? last = null;
            for (; next < answer.Results.Count && answer.Results[next].Item == item; next++)
            {
                last = last is SqlFailure ? last : answer.Results[next];
            }

            if (last is not null || statements[item].Sql.Length > 0)
            {
                yield return last;
            }

            if (isAllOrNothing && last is SqlFailure)
            {
                yield break;
            }
        }
    }

    private void WriteTail(string? error, AnswerTail tail)
    {
        if (error is not null)
        {
            _json.Name("error");
            _json.Text(error);
        }

        if (tail.Elapsed is { } elapsed)
        {
            _json.Name("time");
            _json.Number(elapsed.TotalSeconds);
        }

        if (tail.Sequence is { } sequence)
        {
            _json.Name("sequence_number");
            _json.Number(sequence);
        }

        if (tail.RaftIndex is { } index)
        {
            _json.Name("raft_index");
            _json.Number(index);
        }

        _json.EndObject();
    }

    private void WriteResult(SqlResult? result)
    {
        _json.BeginObject();
        switch (result)
        {
            case SqlFailure failure:
                _json.Name("error");
                _json.Text(failure.Message);
                break;
            case SqlRows rows when _form.IsAssociative:
                WriteAssociative(rows);
                break;
            case SqlRows rows:
                WriteRows(rows);
                break;
            case SqlChange change when !_form.IsOfQuery:
                WriteChange(change);
                break;
            default:
                WriteNothing();
                break;
        }

        _json.EndObject();
    }

    private void WriteChange(SqlChange change)
    {
        if (change.LastRowId != 0)
        {
            _json.Name("last_insert_id");
            _json.Number(change.LastRowId);
        }

        if (change.RowsAffected != 0)
        {
            _json.Name("rows_affected");
            _json.Number(change.RowsAffected);
        }

        WriteNothing();
    }

    // In the associative form null says "no query", and an empty array "no rows".
    private void WriteNothing()
    {
        if (!_form.IsAssociative)
        {
            return;
        }

        _json.Name("rows");
        if (_form.IsOfQuery)
        {
            _json.BeginArray();
            _json.EndArray();
        }
        else
        {
            _json.Null();
        }
    }

    private void WriteRows(SqlRows rows)
    {
        RowShape shape = RowShape.Of(rows, _form);
        shape.WriteHead(_json);
        if (rows.Count == 0)
        {
            return;
        }

        _json.Name("values");
        _json.BeginArray();
        for (int i = 0; i < rows.Count; i++)
        {
            shape.WriteRow(_json, rows[i]);
        }

        _json.EndArray();
    }

    private void WriteAssociative(SqlRows rows)
    {
        RowShape shape = RowShape.Of(rows, _form);
        _json.Name("types");
        _json.BeginObject();
        foreach (int column in shape.ByName)
        {
            _json.Name(shape.Names[column]);
            _json.Text(shape.Types[column]);
        }

        _json.EndObject();
        _json.Name("rows");
        _json.BeginArray();
        for (int i = 0; i < rows.Count; i++)
        {
            ReadOnlySpan<SqlValue> row = rows[i];
            _json.BeginObject();
            foreach (int column in shape.ByName)
            {
                _json.Name(shape.Names[column]);
                ValueWriter.Write(_json, row[column], shape.Kinds[column], _form.Typing);
            }

            _json.EndObject();
        }

        _json.EndArray();
    }
}
