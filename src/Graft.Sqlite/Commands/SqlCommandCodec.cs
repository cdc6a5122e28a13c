namespace Graft.Sqlite;

/// <summary>Commands as bytes (docs/internals/sqlite.md, section 4).</summary>
internal static class SqlCommandCodec
{
    private const long UnitsMax = long.MaxValue / SqlFormat.StepsPerUnit;

    /// <summary>A command of statements, or of <see cref="SqlCommandKind.Vacuum"/> if that is all it holds.</summary>
    internal static byte[] Encode(SqlRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        SqlFormat.CheckAtLeast(request.StepBudget, SqlFormat.StepsPerUnit);
        SqlFormat.CheckAtLeast(request.AnswerBytesMax, SqlFormat.AnswerBytesMin);
        using var writer = new SqlByteWriter();
        writer.Write(SqlFormat.Version);
        if (request.Statements is [{ Parameters.Count: 0 } only] && SqlText.IsVacuum(only.Sql))
        {
            writer.Write((byte)SqlCommandKind.Vacuum);
            return writer.Written.ToArray();
        }

        writer.Write((byte)SqlCommandKind.Statements);
        writer.Write((byte)((request.AllOrNothing ? SqlFormat.AllOrNothing : 0) | (request.BindStrictly ? SqlFormat.BindStrictly : 0)));
        writer.WriteNumber(1 + ((Math.Min(request.StepBudget, SqlRequest.StepBudgetMax) - 1) / SqlFormat.StepsPerUnit));
        writer.WriteNumber(request.AnswerBytesMax);
        SqlFormat.WriteItems(writer, request.Statements);
        return writer.Written.ToArray();
    }

    /// <summary>A command that proposes what to compute with.</summary>
    internal static byte[] Encode(Fingerprint fingerprint)
    {
        using var writer = new SqlByteWriter();
        writer.Write(SqlFormat.Version);
        writer.Write((byte)SqlCommandKind.Agree);
        writer.WriteText(fingerprint.Value);
        writer.WriteText(fingerprint.Description);
        return writer.Written.ToArray();
    }

    /// <summary>What a command of <see cref="SqlCommandKind.Agree"/> proposes.</summary>
    /// <exception cref="SqlFormatException">It's damaged.</exception>
    internal static Fingerprint ReadFingerprint(ReadOnlyMemory<byte> body)
    {
        var reader = new SqlByteReader(body);
        var fingerprint = new Fingerprint(reader.ReadText("the length of a fingerprint"), reader.ReadText("the length of a description"));
        reader.ExpectEnd();
        return fingerprint;
    }

    /// <summary>What a command is, and what stands behind that.</summary>
    /// <exception cref="SqlFormatException">It's empty, or of a version or a kind that isn't known: <see cref="SqlFormatException.IsUnknown"/> then.</exception>
    internal static SqlCommandKind ReadKind(ReadOnlyMemory<byte> command, out ReadOnlyMemory<byte> body)
    {
        var reader = new SqlByteReader(command);
        byte kind = reader.ReadVersionAndKind("a command");
        if (kind is < (byte)SqlCommandKind.Statements or > (byte)SqlCommandKind.Agree)
        {
            throw new SqlFormatException(
                $"Expected a command of a kind from {(byte)SqlCommandKind.Statements} to {(byte)SqlCommandKind.Agree}, found kind {kind}.", isUnknown: true);
        }

        body = command[^reader.Remaining..];
        if (kind == (byte)SqlCommandKind.Vacuum)
        {
            reader.ExpectEnd();
        }

        return (SqlCommandKind)kind;
    }

    /// <summary>What a command of <see cref="SqlCommandKind.Statements"/> says, and its items.</summary>
    /// <param name="body">From <see cref="ReadKind"/>.</param>
    /// <param name="items">Its items; they keep the body.</param>
    /// <exception cref="SqlFormatException">It's damaged.</exception>
    internal static SqlCommandHead ReadHead(ReadOnlyMemory<byte> body, out SqlItemReader items)
    {
        var reader = new SqlByteReader(body);
        int flags = reader.ReadByte("the flags of a command");
        if ((flags & ~(SqlFormat.AllOrNothing | SqlFormat.BindStrictly)) != 0)
        {
            throw new SqlFormatException($"Expected the flags of a command, found 0x{flags:x2}.");
        }

        long units = reader.ReadNumber("a step budget", 1, UnitsMax);
        long bytes = reader.ReadNumber("a limit for the answer", SqlFormat.AnswerBytesMin, int.MaxValue);
        items = new SqlItemReader(reader);
        return new SqlCommandHead(
            (flags & SqlFormat.AllOrNothing) != 0,
            (flags & SqlFormat.BindStrictly) != 0,
            Math.Min(units * SqlFormat.StepsPerUnit, SqlRequest.StepBudgetMax),
            (int)Math.Min(bytes, SqlFormat.CommandAnswerBytesMax));
    }

    /// <summary>The request that a command was made of, for people to read; null if it's of another kind than statements and vacuum.</summary>
    /// <exception cref="SqlFormatException">It's damaged, or not known.</exception>
    internal static SqlRequest? Decode(ReadOnlyMemory<byte> command)
    {
        switch (ReadKind(command, out ReadOnlyMemory<byte> body))
        {
            case SqlCommandKind.Statements:
                SqlCommandHead head = ReadHead(body, out SqlItemReader items);
                return new SqlRequest(SqlFormat.ReadStatements(ref items))
                {
                    AllOrNothing = head.AllOrNothing,
                    BindStrictly = head.BindStrictly,
                    StepBudget = head.StepBudget,
                    AnswerBytesMax = head.AnswerBytesMax,
                };
            case SqlCommandKind.Vacuum:
                return new SqlRequest([new SqlStatement("VACUUM")]);
            default:
                return null;
        }
    }

    /// <summary>Whether a command needs a transaction of its own. Any bytes have an answer; it depends on them alone.</summary>
    /// <remarks>
    /// <c>ROLLBACK</c> and <c>OR ROLLBACK</c> take the whole batch away, which costs more than a commit. The word is looked for in the text as it
    /// is: in a name or a literal it costs one commit too many.
    /// </remarks>
    internal static bool StandsAlone(ReadOnlyMemory<byte> command)
    {
        try
        {
            SqlCommandKind kind = ReadKind(command, out ReadOnlyMemory<byte> body);
            if (kind != SqlCommandKind.Statements)
            {
                return true;
            }

            ReadHead(body, out SqlItemReader items);
            while (items.ReadItem())
            {
                if (SqlText.HoldsRollback(items.Sql.Span))
                {
                    return true;
                }
            }

            return false;
        }
        catch (SqlFormatException)
        {
            // It changes nothing, wherever it is.
            return false;
        }
    }
}
