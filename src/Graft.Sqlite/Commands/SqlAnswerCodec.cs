namespace Graft.Sqlite;

/// <summary>Answers from bytes (docs/internals/sqlite.md, section 6). <see cref="SqlAnswerWriter"/> writes them.</summary>
internal static class SqlAnswerCodec
{
    internal const byte Done = 0;
    internal const byte Refused = 1;

    /// <summary>An answer; its values are slices of the bytes.</summary>
    /// <exception cref="SqlFormatException">It's damaged, or of a version that isn't known.</exception>
    internal static SqlAnswer Decode(ReadOnlyMemory<byte> answer)
    {
        var reader = new SqlByteReader(answer);
        byte status = reader.ReadVersionAndKind("an answer");
        if (status > Refused)
        {
            throw new SqlFormatException($"Expected an answer of a kind up to {Refused}, found kind {status}.", isUnknown: true);
        }

        SqlFailure? refusal = status == Refused ? ReadFailure(ref reader, SqlFailure.OfRequest) : null;
        long steps = reader.ReadNumber("a count of steps", 0, long.MaxValue);
        var results = new SqlResult[reader.ReadCount("a count of results", 4)];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = ReadResult(ref reader);
        }

        reader.ExpectEnd();
        return new SqlAnswer(results, steps, refusal);
    }

    private static SqlResult ReadResult(ref SqlByteReader reader)
    {
        int item = (int)reader.ReadNumber("the position of an item", 0, int.MaxValue);
        byte kind = reader.ReadByte("the kind of a result");
        return (SqlResultKind)kind switch
        {
            SqlResultKind.Change => new SqlChange(item, reader.ReadNumber("a count of rows", 0, long.MaxValue), reader.ReadInt64("a rowid")),
            SqlResultKind.Rows => ReadRows(ref reader, item),
            SqlResultKind.Failure => ReadFailure(ref reader, item),
            _ => throw new SqlFormatException($"Expected the kind of a result, found {kind}."),
        };
    }

    private static SqlRows ReadRows(ref SqlByteReader reader, int item)
    {
        var columns = new SqlColumn[reader.ReadCount("a count of columns", 3)];
        if (columns.Length == 0)
        {
            throw new SqlFormatException("Expected at least one column, found none.");
        }

        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = new SqlColumn(
                reader.ReadText("the length of a column's name"),
                reader.ReadText("the length of a declared type"),
                reader.ReadText("the length of a table's name"));
        }

        long rowsAffected = reader.ReadNumber("a count of rows changed", 0, long.MaxValue);
        long lastRowId = reader.ReadInt64("a rowid");
        var values = new SqlValue[columns.Length * reader.ReadCount("a count of rows", columns.Length)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = reader.ReadValue(isParameter: false);
        }

        return new SqlRows(item, columns, values, rowsAffected, lastRowId);
    }

    private static SqlFailure ReadFailure(ref SqlByteReader reader, int item) =>
        new(item, (int)reader.ReadNumber("an error code", 0, int.MaxValue), reader.ReadText("the length of a message"));
}
