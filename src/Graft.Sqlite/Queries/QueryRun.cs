using System.Globalization;
using System.Text;

namespace Graft.Sqlite;

/// <summary>Runs a query on a reader whose snapshot is fixed.</summary>
internal static class QueryRun
{
    /// <summary>Runs it.</summary>
    /// <param name="reader">The reader, with its transaction.</param>
    /// <param name="query">Its bytes.</param>
    /// <param name="cancellation">The asker has given up.</param>
    /// <returns>The answer's bytes.</returns>
    /// <exception cref="SqlFormatException">It's no query.</exception>
    /// <exception cref="SqliteException">The database can't be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal static byte[] Run(Reader reader, ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        SqlQueryHead head = SqlQueryCodec.ReadHead(query, out SqlItemReader items);
        items.ExpectWhole();
        var state = new State(reader, head);
        reader.Answer.Begin(head.AnswerBytesMax);
        reader.Hooks.Begin(head.TimeMax, cancellation);
        try
        {
            while (!state.Ended && items.ReadItem())
            {
                state.Item = items.Item;
                reader.Binder.Begin(ref items);
                RunText(state, items.Sql.Span);
                if (head.BindStrictly && !state.Ended && reader.Binder.HasUnused())
                {
                    state.Fail(ResultCode.Range, Refusals.UnusedValues);
                }
            }
        }
        finally
        {
            reader.Hooks.End();
        }

        cancellation.ThrowIfCancellationRequested();
        return state.Refusal is { } why
            ? reader.Answer.Refuse(state.Steps, state.RefusalCode, Encoding.UTF8.GetBytes(why))
            : reader.Answer.End(state.Steps);
    }

    private static void RunText(State state, ReadOnlySpan<byte> sql)
    {
        Reader reader = state.Reader;
        if (sql.Contains((byte)0))
        {
            state.Fail(ResultCode.Error, Refusals.Zero);
            return;
        }

        if (reader.Cache.TryGet(sql, out CachedStatement? cached))
        {
            try
            {
                RunStatement(state, cached.Statement);
            }
            finally
            {
                cached.Statement.Reset();
            }

            return;
        }

        ReadOnlySpan<byte> text = SqliteLibrary.Preparable(sql);
        int at = 0;
        while (at < sql.Length && !state.Ended)
        {
            (reader.Hooks.Authorizer.IsTrusted, reader.Hooks.Authorizer.Refusal) = (false, null);
            int code = reader.Connection.TryPrepare(text[at..], keep: true, out SqliteStatement? statement, out int used);
            reader.Hooks.Authorizer.IsTrusted = true;
            if (code != ResultCode.Ok)
            {
                Fail(state, code);
                return;
            }

            bool isOnly = used == sql.Length;
            at += used;
            if (statement is null)
            {
                continue;
            }

            // Left open, it would hold its snapshot and the connection for good.
            bool isKept = false;
            try
            {
                RunStatement(state, statement);
                isKept = isOnly && statement.IsReadOnly;
            }
            finally
            {
                if (!isKept)
                {
                    statement.Dispose();
                }
            }

            if (isKept)
            {
                statement.Reset();
                reader.Cache.Add(new CachedStatement(sql.ToArray(), statement, StatementTraits.None));
            }
        }
    }

    private static void RunStatement(State state, SqliteStatement statement)
    {
        Reader reader = state.Reader;
        if (!reader.Binder.TryBind(statement))
        {
            string why = reader.Binder.Message ?? reader.Connection.Message;
            statement.Reset();
            FailOrThrow(state, reader.Binder.Code, why);
            return;
        }

        SqlAnswerWriter answer = reader.Answer;
        SqlAnswerMark mark = answer.Mark();
        statement.ForgetSteps();
        (reader.Hooks.Authorizer.IsTrusted, reader.Hooks.Authorizer.Refusal) = (false, null);

        // The first step may find another schema than the one that it was prepared for, and other columns.
        int code = statement.Step();
        int columns = statement.ColumnCount;
        if (columns > 0 && code is ResultCode.Row or ResultCode.Done)
        {
            answer.BeginColumns(state.Item, statement, columns);
        }

        for (; code == ResultCode.Row; code = statement.Step())
        {
            answer.WriteRow(statement, columns);
            if (++state.Rows > state.Head.RowsMax || answer.IsOverLimit)
            {
                break;
            }
        }

        reader.Hooks.Authorizer.IsTrusted = true;
        state.Steps += statement.Steps;
        if (state.Rows > state.Head.RowsMax)
        {
            state.Refuse(ResultCode.TooBig, string.Create(CultureInfo.InvariantCulture, $"the query has more than {state.Head.RowsMax} rows; ask for fewer, or allow more"));
        }
        else if (code == ResultCode.Done)
        {
            if (columns > 0)
            {
                answer.EndRows(0, 0);
            }
            else
            {
                answer.WriteChange(state.Item, 0, 0);
            }
        }

        if (answer.IsOverLimit)
        {
            state.Refuse(ResultCode.TooBig, string.Create(CultureInfo.InvariantCulture, $"the answer would be longer than {state.Head.AnswerBytesMax} bytes; ask for less, or allow more"));
        }
        else if (code is not (ResultCode.Row or ResultCode.Done))
        {
            answer.RollBack(mark);
            Fail(state, code);
            statement.Reset();
        }
    }

    private static void Fail(State state, int code)
    {
        Reader reader = state.Reader;
        (code, string message) = Refusals.Instead(code, reader.Connection.Message, reader.Hooks.Authorizer.Refusal);
        switch (ResultCode.Primary(code))
        {
            // Not only a step can be interrupted: whoever prepares may have to read the schema.
            case ResultCode.Interrupt:
                state.Refuse(ResultCode.Interrupt, reader.Hooks.IsInTheWay
                    ? Refusals.InTheWay
                    : string.Create(CultureInfo.InvariantCulture, $"the query ran for longer than {state.Head.TimeMax.TotalSeconds:0.###} s; narrow it, or allow more"));
                break;
            case ResultCode.ReadOnly:
                state.Fail(code, Refusals.ReadOnly);
                break;
            default:
                FailOrThrow(state, code, message);
                break;
        }
    }

    private static void FailOrThrow(State state, int code, string message)
    {
        if (!ErrorClass.IsResult(code, fileFailed: false))
        {
            throw new SqliteException(code, message);
        }

        state.Fail(code, message);
    }

    private sealed class State(Reader reader, SqlQueryHead head)
    {
        internal Reader Reader { get; } = reader;

        internal SqlQueryHead Head { get; } = head;

        internal int Item { get; set; }

        internal int Rows { get; set; }

        internal long Steps { get; set; }

        internal string? Refusal { get; private set; }

        internal int RefusalCode { get; private set; }

        internal bool Ended => Refusal is not null;

        internal void Fail(int code, string message) => Reader.Answer.WriteFailure(Item, code, Encoding.UTF8.GetBytes(message));

        internal void Refuse(int code, string why)
        {
            if (Refusal is null)
            {
                (RefusalCode, Refusal) = (code, why);
            }
        }
    }
}
