namespace Graft.Sqlite;

/// <summary>Queries as bytes (docs/internals/sqlite.md, section 12).</summary>
internal static class SqlQueryCodec
{
    private const byte Statements = 1;

    // A TimeSpan has no room for more.
    private const long MillisecondsMax = long.MaxValue / TimeSpan.TicksPerMillisecond;

    internal static byte[] Encode(SqlQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        SqlFormat.CheckAtLeast(query.TimeMax.Ticks, 1);
        SqlFormat.CheckAtLeast(query.RowsMax, 1);
        SqlFormat.CheckAtLeast(query.AnswerBytesMax, SqlFormat.AnswerBytesMin);
        using var writer = new SqlByteWriter();
        writer.Write(SqlFormat.Version);
        writer.Write(Statements);
        writer.Write(query.BindStrictly ? SqlFormat.BindStrictly : (byte)0);
        writer.WriteNumber(Math.Min(MillisecondsMax, 1 + ((query.TimeMax.Ticks - 1) / TimeSpan.TicksPerMillisecond)));
        writer.WriteNumber(query.RowsMax);
        writer.WriteNumber(query.AnswerBytesMax);
        SqlFormat.WriteItems(writer, query.Statements);
        return writer.Written.ToArray();
    }

    /// <summary>What a query says, and its items.</summary>
    /// <exception cref="SqlFormatException">It's damaged, or of a version or a kind that isn't known.</exception>
    internal static SqlQueryHead ReadHead(ReadOnlyMemory<byte> query, out SqlItemReader items)
    {
        var reader = new SqlByteReader(query);
        byte kind = reader.ReadVersionAndKind("a query");
        if (kind != Statements)
        {
            throw new SqlFormatException($"Expected a query of kind {Statements}, found kind {kind}.", isUnknown: true);
        }

        int flags = reader.ReadByte("the flags of a query");
        if ((flags & ~SqlFormat.BindStrictly) != 0)
        {
            throw new SqlFormatException($"Expected the flags of a query, found 0x{flags:x2}.");
        }

        var head = new SqlQueryHead(
            flags != 0,
            TimeSpan.FromMilliseconds(reader.ReadNumber("a limit of time", 1, MillisecondsMax), 0),
            (int)reader.ReadNumber("a limit for rows", 1, int.MaxValue),
            (int)reader.ReadNumber("a limit for the answer", SqlFormat.AnswerBytesMin, int.MaxValue));
        items = new SqlItemReader(reader);
        return head;
    }

    /// <exception cref="SqlFormatException">It's damaged, or not known.</exception>
    internal static SqlQuery Decode(ReadOnlyMemory<byte> query)
    {
        SqlQueryHead head = ReadHead(query, out SqlItemReader items);
        return new SqlQuery(SqlFormat.ReadStatements(ref items))
        {
            TimeMax = head.TimeMax,
            RowsMax = head.RowsMax,
            AnswerBytesMax = head.AnswerBytesMax,
            BindStrictly = head.BindStrictly,
        };
    }
}
