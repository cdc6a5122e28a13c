using System.Runtime.CompilerServices;
using System.Text;

namespace Graft.Sqlite;

/// <summary>What commands, queries and answers have in common (docs/internals/sqlite.md, sections 4, 6 and 12).</summary>
internal static class SqlFormat
{
    internal const byte Version = 1;

    internal const byte AllOrNothing = 1;

    internal const byte BindStrictly = 2;

    /// <summary>An answer is never shorter limited: what a refusal says has to have room.</summary>
    internal const int AnswerBytesMin = 256;

    /// <summary>No answer to a command is longer: all nodes keep them, for whoever asks again.</summary>
    internal const int CommandAnswerBytesMax = 1 << 20;

    internal const int StepsPerUnit = 1000;

    internal static void CheckAtLeast(long value, long min, [CallerArgumentExpression(nameof(value))] string name = "") =>
        ArgumentOutOfRangeException.ThrowIfLessThan(value, min, name);

    /// <summary>SQL, without a byte: the text of the item before.</summary>
    internal static void WriteItems(SqlByteWriter writer, IReadOnlyList<SqlStatement> statements)
    {
        writer.WriteNumber(statements.Count);
        string? before = null;
        foreach (SqlStatement statement in statements)
        {
            // A text without a byte would be taken for the one before; a space holds no statement either.
            string sql = statement.Sql.Length == 0 && before is not null ? " " : statement.Sql;
            writer.WriteText(sql == before ? "" : sql);
            before = sql;
            writer.WriteNumber(statement.Parameters.Count);
            foreach (SqlParameter parameter in statement.Parameters)
            {
                writer.WriteText(parameter.Name ?? "");
                writer.WriteValue(parameter.Value);
            }
        }
    }

    internal static IReadOnlyList<SqlStatement> ReadStatements(ref SqlItemReader items)
    {
        var statements = new List<SqlStatement>();
        while (items.ReadItem())
        {
            var parameters = new List<SqlParameter>();
            while (items.ReadParameter(out ReadOnlyMemory<byte> name, out SqlValue value))
            {
                parameters.Add(new SqlParameter(name.IsEmpty ? null : Encoding.UTF8.GetString(name.Span), value));
            }

            statements.Add(new SqlStatement(Encoding.UTF8.GetString(items.Sql.Span), parameters));
        }

        return statements;
    }
}
