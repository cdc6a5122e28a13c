using Graft.Consensus;

namespace Graft.Sqlite.Tests;

/// <summary>Requests, queries and answers drawn from a seed.</summary>
internal static class SqlDraws
{
    private static readonly string[] Texts = ["", " ", "SELECT 1", "INSERT INTO t VALUES (?, :n)", "-- ü €\nDELETE FROM t;", "VACUUM; SELECT 2"];

    internal static SqlRequest Request(SeededRandom random) => new(Statements(random))
    {
        AllOrNothing = random.NextBelow(2) == 0,
        BindStrictly = random.NextBelow(2) == 0,
        StepBudget = 1000 * (1 + (long)random.NextBelow(1UL << (int)(1 + random.NextBelow(50)))),
        AnswerBytesMax = 256 + (int)random.NextBelow((1 << 20) - 256),
    };

    internal static SqlQuery Query(SeededRandom random) => new(Statements(random))
    {
        TimeMax = TimeSpan.FromMilliseconds(1 + (long)random.NextBelow(1 << 30)),
        RowsMax = 1 + (int)random.NextBelow(int.MaxValue),
        AnswerBytesMax = 256 + (int)random.NextBelow(int.MaxValue - 256),
        BindStrictly = random.NextBelow(2) == 0,
    };

    internal static SqlValue Value(SeededRandom random, bool isParameter) => random.NextBelow(isParameter ? 6UL : 5UL) switch
    {
        0 => SqlValue.Null,
        1 => SqlValue.FromInteger(unchecked((long)random.NextUInt64())),
        2 => SqlValue.FromReal(BitConverter.UInt64BitsToDouble(random.NextUInt64())),
        3 => SqlValue.FromText(Bytes(random)),
        4 => SqlValue.FromBlob(Bytes(random)),
        _ => SqlValue.Zeros((int)random.NextBelow(SqlValue.ZerosMax + 1)),
    };

    /// <summary>Writes an answer and says what it has to be read as.</summary>
    internal static SqlAnswer Answer(SeededRandom random, SqlAnswerWriter writer, out byte[] bytes)
    {
        writer.Begin(1 << 24);
        var results = new List<SqlResult>();
        for (int left = (int)random.NextBelow(6); left > 0; left--)
        {
            results.Add(Result(random, writer));
        }

        long steps = (long)random.NextBelow(1UL << (int)(1 + random.NextBelow(62)));
        if (random.NextBelow(8) != 0)
        {
            bytes = writer.End(steps);
            return new SqlAnswer(results, steps, null);
        }

        bytes = writer.Refuse(steps, 19, "it's too ünlikely"u8);
        return new SqlAnswer([], steps, new SqlFailure(SqlFailure.OfRequest, 19, "it's too ünlikely"));
    }

    internal static byte[] Bytes(SeededRandom random)
    {
        byte[] bytes = new byte[random.NextBelow(300)];
        foreach (ref byte each in bytes.AsSpan())
        {
            each = (byte)random.NextBelow(256);
        }

        return bytes;
    }

    private static SqlResult Result(SeededRandom random, SqlAnswerWriter writer)
    {
        int item = (int)random.NextBelow(300);
        long affected = (long)random.NextBelow(1UL << (int)(1 + random.NextBelow(60)));
        long rowId = unchecked((long)random.NextUInt64());
        switch (random.NextBelow(3))
        {
            case 0:
                writer.WriteChange(item, affected, rowId);
                return new SqlChange(item, affected, rowId);
            case 1:
                writer.WriteFailure(item, 2067, "UNIQUE constraint failed: ä.b"u8);
                return new SqlFailure(item, 2067, "UNIQUE constraint failed: ä.b");
            default:
                int columns = 1 + (int)random.NextBelow(4);
                writer.BeginRows(item, columns);
                for (int i = 0; i < columns; i++)
                {
                    writer.WriteColumn("näme"u8, "TEXT"u8, ""u8);
                }

                var values = new SqlValue[columns * (int)random.NextBelow(200)];
                foreach (ref SqlValue value in values.AsSpan())
                {
                    value = Value(random, isParameter: false);
                    Write(writer, value);
                }

                writer.EndRows(affected, rowId);
                return new SqlRows(item, [.. Enumerable.Repeat(new SqlColumn("näme", "TEXT", ""), columns)], values, affected, rowId);
        }
    }

    private static void Write(SqlAnswerWriter writer, SqlValue value)
    {
        switch (value.Kind)
        {
            case SqlValueKind.Integer:
                writer.WriteInteger(value.Integer);
                break;
            case SqlValueKind.Real:
                writer.WriteReal(value.Real);
                break;
            case SqlValueKind.Text:
                writer.WriteText(value.Bytes.Span);
                break;
            case SqlValueKind.Blob:
                writer.WriteBlob(value.Bytes.Span);
                break;
            default:
                writer.WriteNull();
                break;
        }
    }

    private static List<SqlStatement> Statements(SeededRandom random)
    {
        var statements = new List<SqlStatement>();
        for (int left = (int)random.NextBelow(5); left > 0; left--)
        {
            var parameters = new List<SqlParameter>();
            for (int more = (int)random.NextBelow(4); more > 0; more--)
            {
                parameters.Add(new SqlParameter(random.NextBelow(2) == 0 ? null : "nämé", Value(random, isParameter: true)));
            }

            statements.Add(new SqlStatement(Texts[random.NextBelow((ulong)Texts.Length)], parameters));
        }

        return statements;
    }
}
