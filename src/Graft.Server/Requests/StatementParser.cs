using System.Buffers;
using System.Text;
using System.Text.Json;
using Graft.Sqlite;

namespace Graft.Server;

/// <summary>The body of a request: an array of statements, each a text or an array of a text and its parameters.</summary>
internal static class StatementParser
{
    private const string NotJson = "invalid JSON body";
    private const string NotARequest = "invalid request";

    /// <summary>Reads it.</summary>
    /// <param name="body">JSON.</param>
    /// <param name="isLossless">A text is a text, even one of the form <c>x'00'</c>.</param>
    /// <exception cref="RequestRefusedException">It isn't such an array, or a value would be changed by taking it.</exception>
    internal static IReadOnlyList<SqlStatement> Parse(ReadOnlySpan<byte> body, bool isLossless = false)
    {
        var reader = new Utf8JsonReader(body);
        try
        {
            List<SqlStatement> statements = Read(ref reader, isLossless);
            if (reader.Read())
            {
                throw new RequestRefusedException(NotJson);
            }

            return statements.Count > 0 ? statements : throw new RequestRefusedException("no statements");
        }
        catch (JsonException)
        {
            throw new RequestRefusedException(NotJson);
        }
        catch (InvalidOperationException)
        {
            // What the reader says of half a surrogate pair, and of bytes that aren't UTF-8. To replace them would change the value.
            throw new RequestRefusedException($"{NotJson}: a text isn't UTF-8; send it as {{\"$text\":\"<base64>\"}}");
        }
    }

    private static List<SqlStatement> Read(ref Utf8JsonReader reader, bool isLossless)
    {
        if (!reader.Read())
        {
            throw new RequestRefusedException(NotJson);
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            // Whether it is JSON at all is told first.
            reader.Skip();
            throw new RequestRefusedException(NotARequest);
        }

        List<SqlStatement> statements = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            statements.Add(reader.TokenType switch
            {
                JsonTokenType.String => new SqlStatement(reader.GetString()!),
                JsonTokenType.StartArray => ReadStatement(ref reader, isLossless),
                _ => throw new RequestRefusedException(NotARequest),
            });
        }

        return statements;
    }

    private static SqlStatement ReadStatement(ref Utf8JsonReader reader, bool isLossless)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.String)
        {
            throw new RequestRefusedException(NotARequest);
        }

        string sql = reader.GetString()!;
        List<SqlParameter> parameters = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadObject(ref reader, isLossless, parameters);
            }
            else
            {
                parameters.Add(new SqlParameter(null, ReadValue(ref reader, isLossless)));
            }
        }

        return parameters.Count == 0 ? new SqlStatement(sql) : new SqlStatement(sql, parameters);
    }

    // Members are parameters by name, unless the first says that the whole is one value.
    private static void ReadObject(ref Utf8JsonReader reader, bool isLossless, List<SqlParameter> parameters)
    {
        bool isFirst = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (isFirst && TaggedValue.IsTag(name))
            {
                parameters.Add(new SqlParameter(null, ReadTagged(ref reader, name)));
                return;
            }

            isFirst = false;
            parameters.Add(new SqlParameter(name, ReadValue(ref reader, isLossless)));
        }
    }

    private static SqlValue ReadValue(ref Utf8JsonReader reader, bool isLossless)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return SqlValue.Null;
            case JsonTokenType.True:
                return SqlValue.FromInteger(1);
            case JsonTokenType.False:
                return SqlValue.FromInteger(0);
            case JsonTokenType.Number:
                return ReadNumber(ref reader);
            case JsonTokenType.StartArray:
                return ReadBytes(ref reader);
            case JsonTokenType.StartObject:
                return reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.GetString() is { } tag && TaggedValue.IsTag(tag) && reader.Read()
                    ? ReadTagged(ref reader, tag)
                    : throw new RequestRefusedException("unsupported type: an object within parameters");
            default:
                string text = reader.GetString()!;
                return !isLossless && TryReadHex(text, out byte[] blob) ? SqlValue.FromBlob(blob) : SqlValue.FromText(text);
        }
    }

    private static SqlValue ReadTagged(ref Utf8JsonReader reader, string tag)
    {
        SqlValue value = reader.TokenType == JsonTokenType.String && TaggedValue.TryRead(tag, reader.GetString()!, out SqlValue read)
            ? read
            : throw new RequestRefusedException($"{tag} takes {TaggedValue.Describe(tag)}");
        return reader.Read() && reader.TokenType == JsonTokenType.EndObject
            ? value
            : throw new RequestRefusedException($"{tag} stands alone in its object");
    }

    private static SqlValue ReadNumber(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out long integer))
        {
            return SqlValue.FromInteger(integer);
        }

        // To take it as a REAL would store another number than was sent.
        if (!reader.ValueSpan.ContainsAny((byte)'.', (byte)'e', (byte)'E'))
        {
            throw new RequestRefusedException(
                $"invalid number {Text(reader)}: it doesn't fit 64 bits; write it as a real ({Text(reader)}.0) or as a text");
        }

        return reader.TryGetDouble(out double real) && double.IsFinite(real)
            ? SqlValue.FromReal(real)
            : throw new RequestRefusedException($"invalid number {Text(reader)}");
    }

    private static SqlValue ReadBytes(ref Utf8JsonReader reader)
    {
        List<byte> bytes = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetByte(out byte value))
            {
                throw new RequestRefusedException("unsupported type: an array that isn't of bytes, 0 to 255");
            }

            bytes.Add(value);
        }

        return SqlValue.FromBlob(bytes.ToArray());
    }

    private static bool TryReadHex(string text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length < 3 || text[0] is not ('x' or 'X') || text[1] != '\'' || text[^1] != '\'' || text.Length % 2 == 0)
        {
            return false;
        }

        ReadOnlySpan<char> digits = text.AsSpan(2, text.Length - 3);
        bytes = new byte[digits.Length / 2];
        return Convert.FromHexString(digits, bytes, out _, out _) == OperationStatus.Done;
    }

    private static string Text(in Utf8JsonReader reader) => Encoding.ASCII.GetString(reader.ValueSpan);
}
